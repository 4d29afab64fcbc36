"""Made-up runs, as far as the vectors (test_mock_vectors.py) do not tell of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from pydantic import BaseModel

from agentspan.agents import Agent, agent_tool, tool
from agentspan.agents.testing import KitError, MockEvent, expect, mock_run, tested_run
from tests.unit.refund_agent import AGENT, DONE, LOOKS, ORDER, REFUND, REFUNDS, mock


def refusal(*events: MockEvent) -> list[str]:
    """The first line of what is raised, and the step that is pointed at."""
    with pytest.raises(KitError) as refused:
        mock(*events)
    lines = str(refused.value).split("\n")
    return [lines[0], *(line[4:] for line in lines if line.startswith("  > "))]


def test_a_gated_tool_has_no_result_before_its_approval_also_while_it_waits() -> None:
    sentence = (
        "process_refund needs a person's approval, and no server runs it before that. "
        "Put MockEvent.waiting() and MockEvent.decided() before its tool_result."
    )
    ran = MockEvent.tool_result("process_refund", {"refunded": True})
    pointed = 'MockEvent.tool_result("process_refund", {"refunded": True})'
    assert refusal(REFUNDS, ran) == [sentence, pointed]
    assert refusal(REFUNDS, MockEvent.waiting(), ran) == [sentence, pointed]


def test_a_refusal_shows_the_script_with_a_sign_at_the_step() -> None:
    decided = MockEvent.decided("RESPONDED", by="maria", content={"size": "XL"})
    with pytest.raises(KitError) as refused:
        mock(LOOKS, MockEvent.tool_result("get_order"), MockEvent.thinking("Hm."), decided, DONE)
    assert str(refused.value) == (
        'MockEvent.decided("RESPONDED", by="maria", content={"size": "XL"}), but nobody was asked: '
        "put the MockEvent.tool_call() of a tool that needs approval before it.\n"
        "\n"
        "The events were:\n"
        '    MockEvent.tool_call("get_order", {"order_id": "ORD-8821"})\n'
        '    MockEvent.tool_result("get_order", None)\n'
        '    MockEvent.thinking("Hm.")\n'
        '  > MockEvent.decided("RESPONDED", by="maria", content={"size": "XL"})\n'
        '    MockEvent.done("Done.")'
    )


def test_what_is_no_agent_no_input_or_no_event_is_refused() -> None:
    nothing: Any = {}
    with pytest.raises(KitError, match=r"^mock_run\(\) takes an Agent first\.$"):
        mock_run(nothing, "Hi", events=[])
    with pytest.raises(KitError, match=r"takes the run's input, a text, second\.$"):
        mock_run(AGENT, nothing, events=[])
    with pytest.raises(KitError, match=r"takes a list of what the functions of MockEvent give"):
        mock_run(AGENT, "Hi", events=[DONE, nothing])
    with pytest.raises(KitError, match=r'decided\(\) takes "APPROVED", "REJECTED", "RESPONDED": not {}\.'):
        MockEvent.decided(nothing)


def test_it_gives_what_a_run_gives() -> None:
    run = mock(LOOKS, MockEvent.tool_result("get_order", {"amount": 29.99}), DONE)
    assert run.run_id.startswith("run_")
    assert (run.agent_name, run.input, run.state) == ("refund_agent", "Refund order ORD-8821", "COMPLETED")
    assert (run.is_success, run.is_waiting, run.error) == (True, False, None)
    assert run.output == {"result": "Done.", "finishReason": "STOP"}
    assert (run.usage.input_tokens, run.usage.output_tokens) == (20, 10)
    (call,) = run.calls
    assert (call.tool_name, call.args, call.used, call.paused) == ("get_order", ORDER, True, False)
    assert call.outcome is not None
    assert call.outcome.value == {"amount": 29.99}
    assert [event.sequence for event in run.events if event.type != "thinking" and hasattr(event, "sequence")] == [
        *range(1, 8)
    ]


class Refunded(BaseModel):
    refunded: bool


@dataclass
class Order:
    order_id: str


def test_results_and_answers_may_be_whatever_a_tool_may_return() -> None:
    typed = Agent(name="typed", model="a/b", tools=AGENT.tools, output_schema=Refunded)
    steps = [LOOKS, MockEvent.tool_result("get_order", Order("ORD-1")), MockEvent.done(Refunded(refunded=True))]
    run = mock_run(typed, "Hi", events=steps)
    assert run.output["result"] == {"refunded": True}
    assert run.calls[0].outcome is not None
    assert run.calls[0].outcome.value == {"order_id": "ORD-1"}
    with pytest.raises(KitError, match="The result of get_order cannot be written as JSON"):
        mock(LOOKS, MockEvent.tool_result("get_order", object()))
    with pytest.raises(KitError, match="The arguments of get_order cannot be written as JSON") as refused:
        mock(MockEvent.tool_call("get_order", {"order_id": object()}), DONE)
    assert "\n  > MockEvent.tool_call(" in str(refused.value)


def test_agents_of_python_are_held_to_their_own_schemas_and_policies() -> None:
    @tool(approval={"rule": "args.amount > 100 && !(args.country in ['DE'])", "approvers": {"users": ["maria"]}})
    def pay(amount: float, country: str = "DE", note: str | None = None) -> None:
        """Pays."""

    payer = Agent(name="payer", model="a/b", tools=[pay, agent_tool(AGENT, "Refunds.", approval_required=True)])

    def play(*events: MockEvent) -> Any:
        return mock_run(payer, "Pay", events=events)

    large = MockEvent.tool_call("pay", {"amount": 500, "country": "FR"})
    expect(play(MockEvent.tool_call("pay", {"amount": 500, "country": "DE"}), DONE)).completed().used_tool("pay")
    expect(play(large)).paused("pay").did_not_use_tool("pay")
    expect(play(large, MockEvent.decided(by="maria"), DONE)).approved("pay", "maria").used_tool("pay")
    with pytest.raises(KitError, match=r"is refused: PERMISSION_DENIED: .* is for maria to decide, not for eve\."):
        play(large, MockEvent.decided(by="eve"))
    with pytest.raises(KitError, match="/note must be string; /note must be null; /note must match a schema in anyOf"):
        play(MockEvent.tool_call("pay", {"amount": 5, "note": 7}), DONE)
    handed = play(MockEvent.tool_call("refund_agent", {"input": "Refund"}), MockEvent.waiting(), DONE)
    expect(handed).completed().approved("refund_agent").used_tool("refund_agent").events_contain("child_started")


def booker(rule: str) -> Agent:
    @tool(approval={"rule": rule})
    def book(at: str) -> None:
        """Books."""

    return Agent(name="booker", model="a/b", tools=[book])


def test_a_rule_may_reckon_with_dates() -> None:
    agent = booker("timestamp(args.at) > timestamp('2026-01-01T00:00:00Z')")
    late, early = (MockEvent.tool_call("book", {"at": f"{year}-05-01T00:00:00Z"}) for year in (2026, 2025))
    expect(mock_run(agent, "Book", events=[late])).paused("book")
    expect(mock_run(agent, "Book", events=[early, DONE])).completed().used_tool("book")


def test_a_rule_that_cannot_be_read_is_no_guess() -> None:
    with pytest.raises(KitError, match=r"The rule args\.at > cannot be read: Failed to parse"):
        mock_run(booker("args.at >"), "Book", events=[MockEvent.tool_call("book", {"at": "2026-05-01"}), DONE])


def test_a_rule_with_loops_that_may_be_too_much_for_a_server_is_no_guess() -> None:
    with pytest.raises(KitError, match=r"it has several loops\. Let a kit run it"):
        mock_run(booker("[1].all(x, [2].exists(y, x < y))"), "Book", events=[MockEvent.tool_call("book", {"at": "1"})])


def test_large_results_are_kept_as_the_server_keeps_them() -> None:
    large = "x" * (256 * 1024)
    plain = mock(LOOKS, MockEvent.tool_result("get_order", large))
    assert plain.calls[0].outcome is not None
    assert plain.calls[0].outcome.message == "The tool's result has 262146 bytes and was refused: the limit is 262144."
    gated = mock(REFUNDS, MockEvent.decided(), MockEvent.tool_result("process_refund", large))
    assert gated.calls[0].outcome is not None
    assert (gated.calls[0].outcome.kind, gated.calls[0].outcome.size_bytes) == ("truncated", 262146)

    @tool(once=True)
    def pay() -> str:
        """Pays."""
        raise AssertionError("tools are not called")

    steps = [MockEvent.tool_call("pay"), MockEvent.tool_result("pay", large)]
    once = mock_run(Agent(name="payer", model="a/b", tools=[pay]), "Pay", events=steps)
    assert once.calls[0].outcome is not None
    assert once.calls[0].outcome.kind == "truncated"
    assert refusal(MockEvent.tool_call("get_order", {"order_id": large}), DONE)[0].endswith(
        "The arguments have 262159 bytes; the limit is 262144."
    )
    many = refusal(*[LOOKS] * 129)
    assert many[0].endswith("A turn may call at most 128 tools; call the rest later.")


def test_one_person_has_one_word_and_an_edit_is_what_runs() -> None:
    edited = MockEvent.decided("APPROVED", by="maria", args={**REFUND, "amount": 1})
    run = mock(REFUNDS, edited, MockEvent.tool_result("process_refund"), DONE)
    assert run.calls[0].args == {**REFUND, "amount": 1}
    assert run.calls[0].asked_args == REFUND


def test_status_and_events_of_any_run_make_what_expectations_take() -> None:
    made = mock(REFUNDS)
    status: Any = made
    again = tested_run(status, [event for event in made.events if event.type != "message"], made.tools)
    assert again == made
    assert again.calls == made.calls
    nothing: Any = tested_run(status, [])
    assert (nothing.input, nothing.calls) == ("", ())
