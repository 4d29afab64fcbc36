"""What a run with a gated tool promises, over the real servers."""

from __future__ import annotations

from typing import Any

import pytest

from agentspan.agents import Agent, AgentHandle, AgentRuntime, AgentspanError, TerminalError, ToolContext, tool
from tests.servers.conftest import until, waiting
from tests.servers.stack import Stack

REFUND = {"order_id": "ORD-8821", "amount": 29.99}


class Shop:
    """An agent whose tools write down what they were called with."""

    def __init__(self, name: str) -> None:
        self.calls: list[tuple[str, dict[str, Any], ToolContext]] = []
        self.failures: list[Exception] = []

        @tool
        def get_order(order_id: str, about: ToolContext) -> dict[str, Any]:
            """Look up an order by ID."""
            self.calls.append(("get_order", {"order_id": order_id}, about))
            if self.failures:
                raise self.failures.pop(0)
            return {"order_id": order_id, "amount": 29.99}

        @tool(approval_required=True)
        def process_refund(order_id: str, amount: float, about: ToolContext) -> dict[str, Any]:
            """Issue a refund. Requires human approval."""
            self.calls.append(("process_refund", {"order_id": order_id, "amount": amount}, about))
            return {"refunded": amount}

        self.agent = Agent(name=name, model="openai/gpt-4o-mini", tools=[get_order, process_refund])

    def called(self) -> list[tuple[str, dict[str, Any]]]:
        return [(name, arguments) for name, arguments, _ in self.calls]


def test_runs_plain_tools_pauses_before_the_gated_one_and_runs_it_once_when_approved(
    stack: Stack, runtime: AgentRuntime
) -> None:
    shop = Shop("refunds")
    said = stack.model.script(
        "refund", {"get_order": {"order_id": "ORD-8821"}}, {"process_refund": REFUND}, "Refunded."
    )
    handle = runtime.start(shop.agent, said, labels={"team": "support"})
    status = waiting(handle)
    assert (status.state, status.is_waiting, status.is_running) == ("WAITING", True, False)
    (approval,) = status.pending_approvals
    assert (approval.kind, approval.tool_name, approval.arguments) == ("APPROVAL", "process_refund", REFUND)
    assert status.labels == {"team": "support"}
    assert shop.called() == [("get_order", {"order_id": "ORD-8821"})]

    voted = handle.approve(comment="as agreed")
    assert (voted.closed, voted.votes_missing, voted.repeated) == (True, 0, False)
    result = handle.stream().get_result()
    assert (result.is_success, result.output["result"], result.output["finishReason"]) == (True, "Refunded.", "STOP")
    assert shop.called()[1:] == [("process_refund", REFUND)]
    _, _, context = shop.calls[1]
    assert context.proof is not None
    assert context.proof.approval_id == approval.approval_id
    assert context.proof.arguments_digest == approval.arguments_digest
    assert context.idempotency_key
    assert stack.model.told(said)[-1] == '{"refunded":29.99}'


def test_gives_the_model_the_reason_of_a_rejection_and_goes_on(stack: Stack, runtime: AgentRuntime) -> None:
    shop = Shop("rejected")
    said = stack.model.script("reject", {"process_refund": REFUND}, "It was too much, sorry.")
    handle = runtime.start(shop.agent, said)
    waiting(handle)
    handle.reject("the amount is too high")
    assert handle.result().output["result"] == "It was too much, sorry."
    assert stack.model.told(said) == ["Rejected by a person: the amount is too high"]
    assert shop.calls == []


def test_runs_what_a_person_made_of_the_arguments(stack: Stack, runtime: AgentRuntime) -> None:
    shop = Shop("edited")
    handle = runtime.start(shop.agent, stack.model.script("edit", {"process_refund": REFUND}, "Less, then."))
    waiting(handle)
    with pytest.raises(AgentspanError) as refused:
        handle.approve(edited_arguments={"order_id": "ORD-8821", "amount": "much"})
    assert refused.value.reason == "INVALID_ARGUMENTS"
    handle.approve(edited_arguments={"order_id": "ORD-8821", "amount": 10})
    assert handle.result().is_success
    assert shop.called() == [("process_refund", {"order_id": "ORD-8821", "amount": 10.0})]


def test_decides_each_of_several_calls_by_its_name(stack: Stack, runtime: AgentRuntime) -> None:
    shop = Shop("several")
    calls: list[tuple[str, dict[str, Any]]] = [("process_refund", {**REFUND, "amount": n}) for n in (1, 2)]
    said = stack.model.script("several", calls, "Done.")
    handle = runtime.start(shop.agent, said)
    first, second = waiting(handle, 2).pending_approvals
    with pytest.raises(AgentspanError) as unnamed:
        handle.approve()
    assert unnamed.value.reason == "APPROVAL_ID_REQUIRED"
    assert first.approval_id in str(unnamed.value)
    handle.reject("one is enough", approval_id=first.approval_id)
    again = handle.approve(approval_id=second.approval_id, decision_id="dec_mine")
    assert (again.closed, again.repeated) == (True, False)
    assert handle.approve(approval_id=second.approval_id, decision_id="dec_mine").repeated
    assert handle.result().is_success
    assert [arguments["amount"] for _, arguments in shop.called()] == [second.arguments["amount"]]


def test_refuses_with_the_reasons_of_the_contract(stack: Stack, runtime: AgentRuntime) -> None:
    with pytest.raises(AgentspanError) as missing:
        AgentHandle(execution_id="run_missing", runtime=runtime).get_status()
    assert (missing.value.reason, missing.value.retryable) == ("RUN_NOT_FOUND", False)
    with pytest.raises(AgentspanError) as unknown:
        runtime.start("nobody_stored_this", "hello")
    assert unknown.value.reason == "AGENT_NOT_FOUND"
    agent = Agent(name="plain", model="openai/gpt-4o-mini")
    handle = runtime.start(agent, stack.model.script("plain", "Hello."), idempotency_key="key-of-mine")
    assert handle.result().output["result"] == "Hello."
    with pytest.raises(AgentspanError) as nothing:
        handle.approve()
    assert nothing.value.reason == "NOTHING_TO_DECIDE"
    with pytest.raises(AgentspanError) as reused:
        runtime.start(agent, "something else", idempotency_key="key-of-mine")
    assert reused.value.reason == "IDEMPOTENCY_KEY_REUSED"
    with pytest.raises(AgentspanError) as unusable:
        runtime.start(Agent(name="odd", model="nowhere/at-all"), "hello")
    assert unusable.value.reason == "INVALID_REQUEST"
    assert unusable.value.fields


def test_the_same_key_gives_the_same_run(stack: Stack, runtime: AgentRuntime) -> None:
    agent = Agent(name="once", model="openai/gpt-4o-mini")
    said = stack.model.script("once", "Hello.")
    runs = [runtime.start(agent, said, idempotency_key=f"key {said}").run_id for _ in range(3)]
    assert len(set(runs)) == 1


def test_tries_a_plain_tool_again_and_not_where_its_failure_is_final(stack: Stack, runtime: AgentRuntime) -> None:
    shop = Shop("failing")
    shop.failures = [OSError("the shop is closed")]
    order = {"get_order": {"order_id": "ORD-1"}}
    handle = runtime.start(shop.agent, stack.model.script("again", order, "Found."))
    assert handle.result().is_success
    assert [context.attempt for _, _, context in shop.calls] == [1, 2]
    assert len({context.idempotency_key for _, _, context in shop.calls}) == 1
    errors = [event for event in handle.stream() if event.type == "error"]
    assert [(event.reason, event.message) for event in errors] == [("TOOL_FAILED", "the shop is closed")]

    shop.failures = [TerminalError("no such order")]
    said = stack.model.script("final", order, "There is none.")
    assert runtime.run(shop.agent, said).output["result"] == "There is none."
    assert "no such order" in stack.model.told(said)[0]
    assert len(shop.calls) == 3


def test_cancels_a_run_and_closes_what_it_waits_for(stack: Stack, runtime: AgentRuntime) -> None:
    handle = runtime.start(Shop("cancelled").agent, stack.model.script("cancel", {"process_refund": REFUND}))
    waiting(handle)
    handle.cancel("not any more")
    result = handle.result()
    assert (result.state, result.is_success, result.output) == ("CANCELLED", False, {})
    with pytest.raises(AgentspanError) as ended:
        handle.approve(approval_id="apr_of_before")
    assert ended.value.reason in ("RUN_ENDED", "APPROVAL_NOT_FOUND")


def test_pauses_and_resumes(stack: Stack, runtime: AgentRuntime) -> None:
    handle = runtime.start(Shop("paused").agent, stack.model.script("pause", {"process_refund": REFUND}, "Done."))
    waiting(handle)
    assert handle.pause("lunch").paused
    handle.approve()
    assert not handle.resume().paused
    assert handle.result().is_success


def test_streams_each_event_once_from_any_sequence_and_goes_on_after_a_break(
    stack: Stack, runtime: AgentRuntime
) -> None:
    shop = Shop("streamed")
    said = stack.model.script("stream", {"process_refund": REFUND}, "Streamed.")
    events = runtime.stream(shop.agent, said)
    seen = []
    for event in events:
        seen.append(event.type)
        if event.type == "waiting":
            assert event.args == REFUND
            events.approve()
            break
    seen += [event.type for event in events]
    assert seen == [
        *("run_started", "model_replied", "tool_call", "waiting", "decided", "tool_started", "tool_result"),
        *("model_replied", "done"),
    ]
    sequences = [event.sequence for event in events.handle.stream(after=3)]
    assert sequences == list(range(4, 10))


def test_tells_whoever_asks_a_person_that_somebody_else_has_decided(stack: Stack, runtime: AgentRuntime) -> None:
    refund = {"process_refund": REFUND}
    handle = runtime.start(Shop("decided").agent, stack.model.script("decided", refund, refund, "Done."))
    decided = []
    for event in handle.stream():
        if event.type != "waiting":
            continue
        decided.append(event.decided)
        assert event.decided is event.decided
        assert not event.decided.wait(0.05)
        other = runtime.handle(handle.run_id)
        if len(decided) == 1:
            other.approve(approval_id=event.approval_id)
        else:
            other.cancel("enough")
        assert event.decided.wait(20)
    reasons = [one.error.reason if one.error else "" for one in decided]
    assert reasons == ["ALREADY_DECIDED", "NOTHING_TO_DECIDE"]
    assert decided[0].error is not None
    assert decided[0].error.metadata["outcome"] == "APPROVED"


def test_gives_pieces_of_the_models_text_where_they_are_asked_for(stack: Stack, runtime: AgentRuntime) -> None:
    agent = Agent(name="talker", model="openai/gpt-4o-mini")
    said = stack.model.script("talk", "Hello there.")
    types = {event.type for event in runtime.stream(agent, said, include_deltas=True)}
    assert types - {"delta"} == {"run_started", "model_replied", "done"}


def test_says_which_tool_waits_for_a_worker_until_one_comes(stack: Stack, runtime: AgentRuntime) -> None:
    shop = Shop("nobody_serves")
    said = stack.model.script("later", {"get_order": {"order_id": "ORD-1"}}, "At last.")
    handle = runtime.start(shop.agent, said, serve=False)
    blocked = until(lambda: handle.get_status().blocked or None)
    assert [(one.tool_name, one.why) for one in blocked] == [("get_order", "NO_WORKER")]
    runtime.serve(shop.agent, blocking=False)
    assert handle.result().output["result"] == "At last."
