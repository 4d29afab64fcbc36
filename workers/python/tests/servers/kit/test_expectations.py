"""What runs of a kit must not let pass: approvals that nobody gave, that were hidden, and what other runs did."""

from __future__ import annotations

import re

import pytest

from agentspan.agents import Agent, Approval, tool
from agentspan.agents.testing import (
    KitError,
    ScriptedDecision,
    after,
    approve,
    calls,
    expect,
    memory_kit,
    says,
    settle,
    worker_lost,
)
from tests.servers.kit.refund_agent import MODEL, ORDER, REFUND, Till, desk_agent, refund_agent

REFUNDS = calls("process_refund", REFUND)


def test_a_tool_that_a_person_approved_a_day_later_began_after_the_others_of_its_reply() -> None:
    with memory_kit(
        model=[REFUNDS.and_("get_order", ORDER), says("Done.")], decisions={"process_refund": after("1d", approve())}
    ) as kit:
        run = kit.run(refund_agent(), "Refund")
    expect(run).tool_call_order(["get_order", "process_refund"])
    with pytest.raises(AssertionError, match="They were used in the order get_order, process_refund"):
        expect(run).tool_call_order(["process_refund", "get_order"])


def test_what_became_of_a_call_later_does_not_hide_who_approved_it() -> None:
    def decide(approval: Approval) -> ScriptedDecision:
        return approve(by="ann") if approval.kind == "APPROVAL" else settle("HAPPENED", result=1, by="bob")

    with memory_kit(
        model=[REFUNDS, says("Done.")],
        decisions={"process_refund": decide},
        tools={"process_refund": worker_lost},
    ) as kit:
        run = kit.run(refund_agent(), "Refund")
    expect(run).approved("process_refund").approved("process_refund", "ann")
    told = "was approved by ann, had happened by the word of bob, ran: 1."
    with pytest.raises(AssertionError, match=re.escape(told)):
        expect(run).approved("process_refund", "bob")


def test_where_several_must_agree_each_of_them_has_approved() -> None:
    @tool(approval={"approvers": {"users": ["maria", "jo"]}, "votes": 2})
    def wire() -> str:
        """Wires."""
        return "wired"

    with memory_kit(model=[calls("wire"), says("Wired.")]) as kit:
        started = kit.start(Agent(name="wirer", model=MODEL, tools=[wire]), "Wire")
        started.approve(by="maria")
        started.approve(by="jo")
        run = started.result()
    expect(run).approved("wire", "maria").approved("wire", "jo")


def test_what_a_run_did_that_another_one_started_is_told_by_itself() -> None:
    with memory_kit(
        model={
            "desk": [calls("refund_agent", {"input": "Refund"}), says("Done.")],
            "refund_agent": [REFUNDS, says("Refunded.")],
        },
        decisions={"process_refund": approve()},
    ) as kit:
        run = kit.run(desk_agent(Till()), "Refund")
        child = run.child_runs[0]
        below = kit.tested(child.run_id)
    look = re.escape(f'Look at kit.tested("{child.run_id}") for refund_agent.')
    with pytest.raises(AssertionError, match=look):
        expect(run).did_not_use_tool("process_refund")
    with pytest.raises(AssertionError, match=look):
        expect(run).approved("process_refund")
    with pytest.raises(KitError, match="The agent desk has no tool process_refnd"):
        expect(run).did_not_use_tool("process_refnd")
    expect(run).paused("process_refund").tools_used_exactly(["refund_agent"])
    expect(below).approved("process_refund").used_times("process_refund", 1)
    with pytest.raises(KitError, match="The agent refund_agent has no tool process_refnd"):
        expect(below).did_not_use_tool("process_refnd")


def test_a_run_that_was_cancelled_and_one_that_may_go_on_say_so() -> None:
    with memory_kit(model=[REFUNDS, says("Done.")]) as kit:
        started = kit.start(refund_agent(), "Refund")
        started.waiting()
        with pytest.raises(KitError, match=r"use run\.result\(\)"):
            expect(started)  # type: ignore[arg-type]
        with pytest.raises(KitError, match=r"use kit\.tested\(handle\.run_id\)"):
            expect(started.handle)  # type: ignore[arg-type]
        started.cancel("not today")
        expect(started.so_far()).cancelled()
