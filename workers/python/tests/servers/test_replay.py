"""Recorded runs, carried out again by agents of today."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest

from agentspan.agents import Agent, AgentRuntime, tool
from agentspan.agents.testing import HistoryError, replay
from tests.servers.conftest import waiting
from tests.servers.stack import Stack

REFUND = {"order_id": "ORD-8821", "amount": 29.99}


@tool
def get_order(order_id: str) -> dict[str, Any]:
    """Look up an order by ID."""
    return {"order_id": order_id, "amount": 29.99}


def refund_agent(*, gated: bool = True, instructions: str = "") -> tuple[Agent, list[str]]:
    """With what it paid."""
    paid: list[str] = []

    @tool(approval_required=gated)
    def process_refund(order_id: str, amount: float) -> dict[str, Any]:
        """Issue a refund."""
        paid.append(order_id)
        return {"refunded": amount}

    model = "openai/gpt-4o-mini"
    agent = Agent(name="replayed", model=model, tools=[get_order, process_refund], instructions=instructions)
    return agent, paid


@pytest.fixture
def history(stack: Stack, runtime: AgentRuntime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    agent, _ = refund_agent()
    script = ({"get_order": {"order_id": "ORD-8821"}}, {"process_refund": REFUND}, "Refunded.")
    handle = runtime.start(agent, stack.model.script("to be replayed", *script))
    waiting(handle)
    handle.approve(on_behalf_of="maria")
    assert handle.result().is_success
    file = tmp_path / "refund.jsonl"
    stack.export(handle.execution_id, file)
    monkeypatch.setenv("AGENTSPAN_COMMAND", shlex.join(stack.command))
    return file


def test_says_what_is_the_same_and_what_is_not_and_calls_nothing(history: Path) -> None:
    agent, paid = refund_agent()
    report = replay(history, agent)
    report.expect_same()
    assert report
    assert (report.same, report.difference, report.notes) == (True, None, ())

    polite, _ = refund_agent(instructions="Be polite.")
    assert replay(history, polite).notes == ('The instructions have changed: "", and now "Be polite.".',)
    strictly = replay(history, polite, strict=True)
    assert not strictly
    assert not strictly.same

    ungated, _ = refund_agent(gated=False)
    report = replay(history, ungated)
    assert report.difference is not None
    why = "process_refund was approved by maria in the record; today's definition does not ask."
    assert (report.difference.why, report.difference.agent_name) == (why, "replayed")
    with pytest.raises(AssertionError, match="process_refund was approved by maria in the record"):
        report.expect_same()
    assert paid == []


def test_refuses_what_cannot_be_replayed(history: Path, stack: Stack) -> None:
    agent, _ = refund_agent()
    with pytest.raises(HistoryError, match="there is no such file"):
        replay(history.with_name("none.jsonl"), agent)
    with pytest.raises(HistoryError, match="is a history of replayed"):
        replay(history, Agent(name="other", model="openai/gpt-4o-mini"))
    with pytest.raises(HistoryError, match="cannot be run"):
        replay(history, agent, command=[str(stack.folder / "nothing")])
