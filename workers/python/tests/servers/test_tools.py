"""How tools run: in threads and event loops, looked at before, asked about after, told to end."""

from __future__ import annotations

import asyncio
import json
import threading
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import pytest
from pydantic import BaseModel

from agentspan.agents import (
    Agent,
    AgentRuntime,
    AgentspanError,
    ToolContext,
    agent_tool,
    human_tool,
    tool,
)
from tests.servers.conftest import until, waiting
from tests.servers.stack import Stack

MODEL = "openai/gpt-4o-mini"


def test_runs_sync_tools_in_threads_at_once(stack: Stack, runtime: AgentRuntime) -> None:
    met = threading.Barrier(3, timeout=20)

    @tool
    def meet(name: str) -> int:
        """Meet."""
        met.wait()
        return threading.get_ident()

    agent = Agent(name="threads", model=MODEL, tools=[meet])
    said = stack.model.script("meet", [("meet", {"name": name}) for name in ("a", "b", "c")], "Met.")
    assert runtime.run(agent, said).is_success
    assert len(set(stack.model.told(said))) == 3


@dataclass
class Address:
    street: str
    zip: str | None = None


class Line(BaseModel):
    sku: str
    count: int = 1
    parts: list[Line] = []


def test_a_server_takes_the_schemas_of_rich_types(stack: Stack, runtime: AgentRuntime) -> None:
    got: list[Any] = []

    @tool
    def ship(lines: list[Line], to: Address, on: date, by: Literal["slow", "fast"] = "slow") -> dict[str, Any]:
        """Ship."""
        got.append((lines, to, on, by))
        return {"on": on, "to": to, "lines": lines}

    arguments = {"lines": [{"sku": "a", "parts": [{"sku": "b"}]}], "to": {"street": "Main"}, "on": "2026-12-24"}
    said = stack.model.script("ship", {"ship": arguments}, {"ship": {**arguments, "to": {"road": "x"}}}, "Shipped.")
    assert runtime.run(Agent(name="shipper", model=MODEL, tools=[ship]), said).is_success
    line = Line(sku="a", parts=[Line(sku="b")])
    assert got == [([line], Address("Main"), date(2026, 12, 24), "slow")]
    shipped, refused = stack.model.told(said)
    assert json.loads(shipped)["to"] == {"street": "Main", "zip": None}
    assert "road" in refused


def test_runs_async_tools_in_the_callers_loop_and_all_of_it_awaits(stack: Stack) -> None:
    loops: list[asyncio.AbstractEventLoop] = []

    @tool(approval_required=True)
    async def refund(amount: float) -> dict[str, float]:
        """Refund."""
        loops.append(asyncio.get_running_loop())
        await asyncio.sleep(0)
        return {"refunded": amount}

    agent = Agent(name="awaited", model=MODEL, tools=[refund])

    async def program() -> None:
        async with stack.runtime() as runtime:
            said = [stack.model.script("await", {"refund": {"amount": n}}, "Awaited.") for n in range(3)]

            async def one(text: str) -> None:
                events = await runtime.stream_async(agent, text)
                async for event in events:
                    if event.type == "waiting":
                        assert (await events.handle.get_status_async()).is_waiting
                        await events.approve_async()
                assert (await events.get_result_async()).output["result"] == "Awaited."

            await asyncio.gather(*map(one, said))
            result = await runtime.run_async(Agent(name="plain", model=MODEL), stack.model.script("run", "Ran."))
            assert result.is_success
        assert loops == [asyncio.get_running_loop()] * 3

    asyncio.run(program())


def test_runs_async_tools_of_a_program_that_has_no_loop(stack: Stack, runtime: AgentRuntime) -> None:
    @tool
    async def where() -> str:
        """Tell where."""
        return threading.current_thread().name

    said = stack.model.script("where", {"where": {}}, "There.")
    assert runtime.run(Agent(name="no_loop", model=MODEL, tools=[where]), said).is_success
    assert stack.model.told(said) == ['"agentspan-tools"']


def test_tells_running_tools_that_their_run_was_cancelled_and_cancels_plain_async_ones(
    stack: Stack, runtime: AgentRuntime
) -> None:
    begun: list[str] = []
    ended: list[str] = []

    @tool
    def sync(about: ToolContext) -> None:
        """Wait."""
        begun.append("sync")
        if about.cancelled.wait(20):
            ended.append("sync")

    @tool
    async def plain() -> None:
        """Wait."""
        begun.append("plain")
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            ended.append("plain")
            raise

    @tool(once=True)
    async def guarded(about: ToolContext) -> str:
        """Wait."""
        begun.append("guarded")
        await about.cancelled.wait_async()
        ended.append("guarded")
        return about.cancelled.why

    agent = Agent(name="waiters", model=MODEL, tools=[sync, plain, guarded])
    calls: list[tuple[str, dict[str, Any]]] = [(name, {}) for name in ("sync", "plain", "guarded")]
    handle = runtime.start(agent, stack.model.script("wait", calls))
    until(lambda: len(begun) == 3)
    handle.cancel("enough")
    assert handle.result().state == "CANCELLED"
    until(lambda: sorted(ended) == ["guarded", "plain", "sync"])


def test_asks_people_and_takes_their_answer(stack: Stack, runtime: AgentRuntime) -> None:
    size = {"type": "object", "properties": {"size": {"enum": ["S", "M", "L"]}}, "required": ["size"]}
    ask = human_tool("ask_customer", "Asks the customer what only they know.", answer=size)
    agent = Agent(name="tailor", model=MODEL, tools=[ask])
    said = stack.model.script("ask", {"ask_customer": {"question": "Which size?"}}, "M it is.")
    handle = runtime.start(agent, said)
    (question,) = waiting(handle).pending_approvals
    assert (question.kind, question.arguments) == ("QUESTION", {"question": "Which size?"})
    assert question.answer_schema == size
    with pytest.raises(AgentspanError) as refused:
        handle.respond({"size": "XXL"})
    assert refused.value.reason == "INVALID_ARGUMENTS"
    handle.respond({"size": "M"})
    assert handle.result().output["result"] == "M it is."
    assert stack.model.told(said) == ['{"size":"M"}']


def test_hands_work_to_an_agent_whose_approvals_are_found_and_decided_above(
    stack: Stack, runtime: AgentRuntime
) -> None:
    paid: list[float] = []

    @tool(approval_required=True)
    def pay(amount: float) -> dict[str, float]:
        """Pay."""
        paid.append(amount)
        return {"paid": amount}

    payer = Agent(name="payer", model=MODEL, tools=[pay])
    desk = Agent(name="desk", model=MODEL, tools=[agent_tool(payer, "Pays.")])
    below = stack.model.script("pay 5", {"pay": {"amount": 5}}, "Paid 5.")
    handle = runtime.start(desk, stack.model.script("above", {"payer": {"input": below}}, "It was paid."))
    (approval,) = waiting(handle).pending_approvals
    assert approval.parent_run_id == handle.run_id
    assert approval.run_id != handle.run_id
    handle.approve()
    assert handle.result().output["result"] == "It was paid."
    assert paid == [5]


def test_shows_what_a_call_would_do_and_asks_again_where_that_has_changed(stack: Stack, runtime: AgentRuntime) -> None:
    balance = [100.0]

    def look(amount: float) -> dict[str, Any]:
        return {"before": {"balance": balance[0]}, "after": {"balance": balance[0] + amount}}

    @tool(approval_required=True, preview=look, preview_fields=["after.balance"])
    def adjust(amount: float) -> dict[str, float]:
        """Adjust the balance."""
        balance[0] += amount
        return {"balance": balance[0]}

    agent = Agent(name="bank", model=MODEL, tools=[adjust])
    handle = runtime.start(agent, stack.model.script("adjust", {"adjust": {"amount": -10}}, "Adjusted."))

    def shown(after: float) -> bool:
        for approval in handle.get_status().pending_approvals:
            preview = approval.preview
            if preview is not None and preview.status == "SHOWN":
                return bool(preview.content["after"]["balance"] == after)
        return False

    until(lambda: shown(90))
    balance[0] = 50.0
    handle.approve()
    until(lambda: shown(40))
    (approval,) = handle.get_status().pending_approvals
    assert approval.preview is not None
    assert approval.preview.previous is not None
    assert approval.preview.previous.content["after"] == {"balance": 90}
    handle.approve()
    assert handle.result().is_success
    assert balance == [40.0]


def test_a_preview_that_fails_is_shown_with_its_reason(stack: Stack, runtime: AgentRuntime) -> None:
    def look() -> None:
        raise OSError("the bank is closed")

    @tool(approval_required=True, preview=look)
    def adjust() -> None:
        """Adjust the balance."""

    handle = runtime.start(
        Agent(name="blind", model=MODEL, tools=[adjust]), stack.model.script("blind", {"adjust": {}}, "Done.")
    )

    def failed() -> str | None:
        (approval,) = waiting(handle).pending_approvals
        preview = approval.preview
        return preview.detail if preview is not None and preview.status == "FAILED" else None

    assert until(failed) == "the bank is closed"
    handle.approve()
    assert handle.result().is_success


def test_keeps_a_large_result_of_a_guarded_tool_and_refuses_that_of_a_plain_one(
    stack: Stack, runtime: AgentRuntime
) -> None:
    @tool
    def plain() -> str:
        """Say much."""
        return "x" * 300_000

    @tool(once=True)
    def guarded() -> str:
        """Say much."""
        return "x" * 2_000_000

    said = stack.model.script("much", [("plain", {}), ("guarded", {})], "Much.")
    handle = runtime.start(Agent(name="talkers", model=MODEL, tools=[plain, guarded]), said)
    assert handle.result().is_success
    refused, kept = stack.model.told(said)
    assert "the limit is 262144" in refused
    assert "The tool succeeded. Its result has 2000002 bytes" in kept


def test_a_standing_grant_decides_in_its_makers_name(stack: Stack, runtime: AgentRuntime) -> None:
    @tool(approval_required=True)
    def small_refund(amount: float) -> dict[str, float]:
        """Refund."""
        return {"refunded": amount}

    agent = Agent(name="granted", model=MODEL, tools=[small_refund])
    # There are grants for the tools of agents that are known: this run makes it so.
    assert runtime.start(agent, stack.model.script("known", "Hello.")).result().is_success
    grant = runtime.grants.create(
        agent="granted", tool="small_refund", rule="args.amount <= 50", expires_in="1h", max_uses=5
    )
    assert runtime.grants.get(grant.grant_id) == grant
    assert grant.doubts == ()
    assert [one.grant_id for one in runtime.grants.list(agent="granted")] == [grant.grant_id]

    def decided() -> bool:
        said = stack.model.script("granted", {"small_refund": {"amount": 5}}, "Refunded.")
        handle = runtime.start(agent, said)
        status = until(lambda: (s := handle.get_status()) and (s if s.is_complete or s.is_waiting else None))
        handle.cancel() if status.is_waiting else None
        return status.is_complete

    until(decided)
    revoked = runtime.grants.revoke(grant.grant_id)
    assert revoked.revoked_at is not None
    with pytest.raises(AgentspanError) as missing:
        runtime.grants.get("gra_missing")
    assert missing.value.reason == "GRANT_NOT_FOUND"
