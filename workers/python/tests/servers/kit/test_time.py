"""Time on a server in memory passes when the test says so, and everything in it heeds that."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from agentspan.agents import Agent, tool
from agentspan.agents.testing import (
    TestedRun,
    after,
    approve,
    approve_with,
    calls,
    expect,
    fails,
    memory_kit,
    reject,
    says,
    settle,
    worker_lost,
)
from tests.servers.kit.refund_agent import MODEL, ORDER, REFUND, Till, refund_agent

ASKS_FOR_REFUND = [calls("process_refund", REFUND), says("Done.")]
DAY = timedelta(days=1)


@pytest.fixture
def over() -> Iterator[threading.Event]:
    """Set at the end of the test: what is endless in it ends."""
    event = threading.Event()
    yield event
    event.set()


def endless_agent(over: threading.Event, *, once: bool = False) -> Agent:
    """Of one tool, whose function never ends unless the test does."""

    @tool(retry={"max_attempts": 2, "initial_backoff": "1s"}, timeout="5m", once=once)
    def transfer() -> None:
        """Transfers money."""
        over.wait()

    return Agent(name="bank", model=MODEL, tools=[transfer])


def types_of(run: TestedRun) -> list[str]:
    return [event.type for event in run.events]


def when(run: TestedRun, type: str) -> datetime:
    found: Any = next(event for event in run.events if event.type == type)
    at: datetime = found.at
    return at


def test_goes_on_as_far_as_a_test_says() -> None:
    with memory_kit(model=[]) as kit:
        begun = kit.now()
        kit.advance("1h")
        assert timedelta(hours=1) <= kit.now() - begun < timedelta(hours=2)


def test_lets_an_approval_expire_when_its_time_has_come_and_not_before() -> None:
    kit = memory_kit(model=ASKS_FOR_REFUND)
    run = kit.start(refund_agent(expires_in="30d"), "Refund ORD-8821")
    run.waiting("process_refund")
    kit.advance("29d")
    assert run.status().state == "WAITING"
    kit.advance("1d")
    result = run.result()
    kit.stop()
    expect(result).completed().expired("process_refund").did_not_use_tool("process_refund")
    assert 30 * DAY <= when(result, "checkpoint_closed") - when(result, "waiting") < 30 * DAY + timedelta(minutes=1)


def test_lets_people_take_their_time_in_the_order_of_their_times() -> None:
    of = Till()
    kit = memory_kit(
        model=[calls("process_refund", REFUND), calls("process_refund", REFUND), says("Done.")],
        decisions={"process_refund": [after("30d", approve()), after("2d", reject("Too late by now."))]},
    )
    begun = kit.now()
    result = kit.run(refund_agent(of), "Refund ORD-8821")
    passed = kit.now() - begun
    kit.stop()
    expect(result).completed().approved("process_refund").rejected("process_refund", "Too late by now.")
    assert of.refunds == [REFUND]
    assert passed.days == 32


def test_people_decide_at_their_time_while_a_test_lets_more_of_it_pass() -> None:
    kit = memory_kit(model=ASKS_FOR_REFUND, decisions={"process_refund": after("2d", approve())})
    run = kit.start(refund_agent(expires_in="5d"), "Refund ORD-8821")
    kit.advance("1d")
    assert run.status().state == "WAITING"
    kit.advance("30d")
    result = run.so_far()
    kit.stop()
    expect(result).completed().approved("process_refund")
    assert (when(result, "decided") - when(result, "waiting")).days == 2


def test_drops_a_decision_that_somebody_makes_after_the_approval_has_expired() -> None:
    kit = memory_kit(model=ASKS_FOR_REFUND, decisions={"process_refund": after("3d", approve())})
    result = kit.run(refund_agent(expires_in="2d"), "Refund ORD-8821")
    kit.stop()
    expect(result).completed().expired("process_refund").did_not_use_tool("process_refund")


def test_is_heeded_by_the_waits_between_attempts_of_the_model_and_of_tools() -> None:
    of = Till()
    kit = memory_kit(model=[fails(), fails(), calls("get_order", ORDER), says("Found.")])
    begun = kit.now()
    expect(kit.run(refund_agent(of, failures=2), "Where is it?")).completed()
    passed = kit.now() - begun
    kit.stop()
    assert passed > timedelta(seconds=1)
    assert of.lookups == 3


def test_ends_a_plain_tool_that_runs_past_its_time_out_and_it_is_tried_again(over: threading.Event) -> None:
    kit = memory_kit(model=[calls("transfer"), says("It failed.")])
    run = kit.start(endless_agent(over), "Transfer")
    kit.advance("4m")
    assert "error" not in types_of(run.so_far())
    kit.advance("2m")
    assert types_of(run.so_far()).count("tool_started") == 2
    kit.advance("10m")
    over.set()
    result = run.result()
    kit.stop()
    expect(result).completed().event_sequence(["error", "tool_result"])


def test_opens_a_settlement_where_a_guarded_tool_runs_past_its_time_out(over: threading.Event) -> None:
    kit = memory_kit(
        model=[calls("transfer"), says("It happened.")],
        decisions={"transfer": settle("HAPPENED", result={"transferred": True})},
    )
    run = kit.start(endless_agent(over, once=True), "Transfer")
    kit.advance("6m")
    result = run.so_far()
    over.set()
    kit.stop()
    expect(result).completed().events_contain({"type": "waiting", "kind": "SETTLEMENT"})


def test_asks_what_became_of_what_a_lost_worker_ran_which_never_runs_again_by_itself() -> None:
    of = Till()
    kit = memory_kit(
        model=ASKS_FOR_REFUND,
        decisions={"process_refund": [approve(), settle("GIVE_UP")]},
        tools={"process_refund": worker_lost},
    )
    result = kit.run(refund_agent(of), "Refund ORD-8821")
    kit.stop()
    expect(result).completed().event_sequence(
        [{"type": "waiting", "kind": "APPROVAL"}, {"type": "waiting", "kind": "SETTLEMENT"}]
    )
    assert of.refunds == []


def test_is_carried_on_by_a_run_of_a_plain_tool_whose_worker_is_lost_once() -> None:
    tries = itertools.count(1)

    def lost_once() -> object:
        return worker_lost() if next(tries) == 1 else {"status": "delivered"}

    kit = memory_kit(model=[calls("get_order", ORDER), says("Found.")], tools={"get_order": lost_once})
    result = kit.run(refund_agent(), "Where is it?")
    kit.stop()
    expect(result).completed().events_contain({"type": "error", "reason": "TOOL_DISOWNED"})
    assert next(tries) == 3


def test_brings_reminders_while_nobody_decides() -> None:
    @tool(approval={"remind_every": "1d"})
    def pay(amount: float) -> int:
        """Pays."""
        return 1

    kit = memory_kit(
        model=[calls("pay", {"amount": 1}), says("Paid.")], decisions={"pay": after("73h", approve_with({"amount": 2}))}
    )
    run = kit.run(Agent(name="payer", model=MODEL, tools=[pay]), "Pay")
    kit.stop()
    assert types_of(run).count("reminded") == 3
    expect(run).completed().used_tool("pay", {"amount": 2})
