"""People in a kit: several of them, looking at previews, and deciding in the middle of a test."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import pytest

from agentspan.agents import Agent, AgentHandle, Approval, tool
from agentspan.agents.testing import (
    KitError,
    ScriptedDecision,
    approve,
    calls,
    expect,
    memory_kit,
    reject,
    says,
    worker_lost,
)
from tests.servers.kit.refund_agent import MODEL, REFUND, Till, refund_agent


@dataclass
class Account:
    balance: float = 100
    looks: int = 0


def transfer_agent(account: Account) -> Agent:
    """A transfer that shows what it would do before it is approved, and again before it runs."""

    def look(amount: float) -> dict[str, float]:
        account.looks += 1
        return {"before": account.balance, "after": account.balance - amount}

    @tool(approval_required=True, preview=look)
    def transfer(amount: float) -> float:
        """Transfers money."""
        account.balance -= amount
        return account.balance

    return Agent(name="bank", model=MODEL, tools=[transfer])


def test_each_of_several_people_has_a_vote_and_the_call_runs_when_enough_of_them_agree() -> None:
    @tool(approval={"approvers": {"users": ["maria", "tom", "eve"]}, "votes": 2})
    def pay() -> str:
        """Pays."""
        return "paid"

    kit = memory_kit(
        model=[calls("pay"), calls("pay"), says("Done.")],
        decisions={"pay": [approve(by="maria"), approve(by="tom"), reject("twice", by="eve")]},
    )
    run = kit.run(Agent(name="payer", model=MODEL, tools=[pay]), "Pay")
    kit.stop()
    expect(run).completed().event_sequence(["waiting", "voted", "decided", "waiting", "decided"])
    expect(run).approved("pay", "tom").rejected("pay", "twice")


def test_whoever_decides_looks_at_what_the_call_would_do_and_it_is_compared_when_the_call_runs() -> None:
    account = Account()
    kit = memory_kit(model=[calls("transfer", {"amount": 30}), says("Done.")], decisions={"transfer": approve()})
    run = kit.run(transfer_agent(account), "Transfer 30")
    kit.stop()
    expect(run).completed().event_sequence(
        [
            "waiting",
            {"type": "preview_taken", "purpose": "SHOWN", "status": "SHOWN"},
            "decided",
            {"type": "preview_taken", "purpose": "CHECKED", "drifted": False},
            "tool_started",
        ]
    )
    assert account == Account(balance=70, looks=2)


def test_people_are_asked_again_where_that_has_changed_meanwhile() -> None:
    account = Account()

    async def act(handle: AgentHandle, approval: Approval) -> bool:
        account.balance -= 1
        return (await handle.approve_async(approval_id=approval.approval_id)).closed

    spends: ScriptedDecision = dataclasses.replace(approve(), act=act)
    kit = memory_kit(
        model=[calls("transfer", {"amount": 30}), says("Done.")],
        decisions={"transfer": [spends, reject("not any more")]},
    )
    run = kit.run(transfer_agent(account), "Transfer 30")
    kit.stop()
    expect(run).completed().events_contain({"type": "preview_taken", "drifted": True})
    expect(run).rejected("transfer", "not any more")
    assert account.balance == 99


def test_a_test_decides_by_itself_in_the_middle_of_a_run() -> None:
    of = Till()
    kit = memory_kit(model=[calls("process_refund", REFUND), calls("process_refund", REFUND), says("Done.")])
    run = kit.start(refund_agent(of), "Refund ORD-8821")
    approval = run.waiting("process_refund")
    assert (approval.kind, approval.arguments, approval.agent_name) == ("APPROVAL", REFUND, "refund_agent")
    run.reject("not yet", by="maria")
    assert of.refunds == []
    run.approve_with({**REFUND, "amount": 1}, comment="half a heart")
    result = run.result()
    kit.stop()
    expect(result).completed().rejected("process_refund", "not yet")
    expect(result).used_tool("process_refund", {**REFUND, "amount": 1})


def test_a_test_settles_what_nobody_knows() -> None:
    kit = memory_kit(
        model=[calls("process_refund", REFUND), says("Done.")],
        decisions={"process_refund": [approve()]},
        tools={"process_refund": worker_lost},
    )
    run = kit.start(refund_agent(), "Refund ORD-8821")
    run.waiting()
    run.settle("HAPPENED", result={"refunded": True})
    result = run.result()
    kit.stop()
    expect(result).completed().events_contain({"type": "waiting", "kind": "SETTLEMENT"})
    outcome = result.calls[0].outcome
    assert outcome is not None
    assert (outcome.kind, outcome.value) == ("result", {"refunded": True})


async def deciding(approval: Approval) -> ScriptedDecision:
    assert approval.arguments == REFUND
    return approve(by="maria")


def test_functions_of_the_scripts_may_be_async() -> None:
    async def says_so(_: object) -> object:
        return says("Done.")

    kit = memory_kit(model=[calls("process_refund", REFUND), says_so], decisions={"process_refund": deciding})  # type: ignore[list-item]
    expect(kit.run(refund_agent(), "Refund ORD-8821")).completed().approved("process_refund", "maria")
    kit.stop()


def test_a_decision_that_is_refused_is_told_with_what_happened() -> None:
    with memory_kit(model=[calls("process_refund", REFUND), says("Done.")]) as kit:
        run = kit.start(refund_agent(), "Refund")
        with pytest.raises(KitError, match=r"^approve_with\(.*\) of process_refund was refused: (?s:.*) run_started "):
            run.approve_with({"amount": "much"})


def test_no_time_is_longer_than_ten_years() -> None:
    with (
        memory_kit(model=[]) as kit,
        pytest.raises(KitError, match=r"^advance\(\) asks for 1e\+06 days: at most 3650, whi"),
    ):
        kit.advance("1000000d")
