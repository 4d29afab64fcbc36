"""What a newcomer reads when an agent is wrong: it skips the approval, or takes the wrong order or arguments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from agentspan.agents import Agent, tool
from agentspan.agents.testing import Expectation, MockEvent, TestedRun, expect, mock_run
from tests.unit.refund_agent import DONE, LOOKS, ORDER, REFUND, REFUNDS, mock

FOUND = {"order_id": "ORD-8821", "amount": 29.99, "status": "delivered"}


def words(run: TestedRun, of: Callable[[Expectation], object]) -> str:
    """What an expectation says of a run, without the run's id."""
    with pytest.raises(AssertionError) as failed:
        of(expect(run))
    return str(failed.value).replace(run.run_id, "run_1")


def hasty_agent() -> Agent:
    """A refund that nobody is asked about: somebody forgot `approval_required`."""

    @tool
    def process_refund(order_id: str, amount: float) -> dict[str, Any]:
        """Issue a refund."""
        raise AssertionError("tools are not called")

    return Agent(name="refund_agent", model="openai/gpt-4o-mini", tools=[process_refund])


def test_one_that_skips_the_approval() -> None:
    refunded = MockEvent.tool_result("process_refund", {"refunded": True})
    run = mock_run(hasty_agent(), "Refund order ORD-8821", events=[REFUNDS, refunded, MockEvent.done("Refunded.")])
    assert words(run, lambda it: it.completed().paused("process_refund")) == (
        """\
Expected the run to have waited for a person to decide process_refund.
process_refund was called with {"amount":29.99,"order_id":"ORD-8821"}, ran: {"refunded":true}.

The run run_1 of refund_agent is COMPLETED. What happened in it:
    1  run_started        "Refund order ORD-8821"
    2  model_replied      calls t1c1
    3  tool_call          t1c1 process_refund {"amount":29.99,"order_id":"ORD-8821"}
    4  tool_started       t1c1 process_refund
    5  tool_result        t1c1 process_refund {"refunded":true}
    6  model_replied      "Refunded."
    7  done               "Refunded.\""""
    )


def test_one_that_refunds_before_it_has_looked_at_the_order() -> None:
    run = mock(
        REFUNDS,
        MockEvent.waiting(),
        MockEvent.decided(by="maria"),
        MockEvent.tool_result("process_refund", {"refunded": True}),
        LOOKS,
        MockEvent.tool_result("get_order", FOUND),
        DONE,
    )
    assert words(run, lambda it: it.tool_call_order(["get_order", "process_refund"])) == (
        """\
Expected tools to have been used in the order get_order, process_refund.
They were used in the order process_refund, get_order.

The run run_1 of refund_agent is COMPLETED. What happened in it:
    1  run_started        "Refund order ORD-8821"
    2  model_replied      calls t1c1
    3  tool_call          t1c1 process_refund {"amount":29.99,"order_id":"ORD-8821"} (needs approval)
    4  waiting            t1c1 process_refund: approval
    5  decided            t1c1 approved by maria
    6  tool_started       t1c1 process_refund
    7  tool_result        t1c1 process_refund {"refunded":true}
    8  model_replied      calls t2c1
    9  tool_call          t2c1 get_order {"order_id":"ORD-8821"}
   10  tool_started       t2c1 get_order
   11  tool_result        t2c1 get_order {"order_id":"ORD-8821","amount":29.99,"status":"delivered"}
   12  model_replied      "Done."
   13  done               "Done.\""""
    )


def test_one_that_refunds_another_amount() -> None:
    large = MockEvent.tool_call("process_refund", {**REFUND, "amount": 2999})
    run = mock(large, MockEvent.decided(by="maria", reason="fine"), MockEvent.tool_result("process_refund"), DONE)
    assert words(run, lambda it: it.used_tool("process_refund", REFUND)) == (
        """\
Expected process_refund to have been used with {"order_id":"ORD-8821","amount":29.99}.
process_refund was called with {"amount":2999,"order_id":"ORD-8821"}, waited for a person, \
was approved by maria (fine), ran: null.

The run run_1 of refund_agent is COMPLETED. What happened in it:
    1  run_started        "Refund order ORD-8821"
    2  model_replied      calls t1c1
    3  tool_call          t1c1 process_refund {"amount":2999,"order_id":"ORD-8821"} (needs approval)
    4  waiting            t1c1 process_refund: approval
    5  decided            t1c1 approved by maria: fine
    6  tool_started       t1c1 process_refund
    7  tool_result        t1c1 process_refund null
    8  model_replied      "Done."
    9  done               "Done.\""""
    )


def test_one_that_answers_at_once_and_one_that_does_too_much() -> None:
    lazy = mock(MockEvent.done("It is refunded."))
    assert words(lazy, lambda it: it.used_tool("process_refund")) == (
        """\
Expected process_refund to have been used.
The model called no tool at all.

The run run_1 of refund_agent is COMPLETED. What happened in it:
    1  run_started        "Refund order ORD-8821"
    2  model_replied      "It is refunded."
    3  done               "It is refunded.\""""
    )
    busy = mock(LOOKS, REFUNDS, MockEvent.waiting(), DONE)
    instead = words(busy, lambda it: it.tools_used_exactly(["get_order"])).split("\n")[1]
    assert instead == "process_refund was used as well."
    opposite = words(busy, lambda it: it.did_not_use_tool("get_order"))
    assert opposite.startswith('Expected get_order not to have been used.\nget_order was called with {"order_id":')
    assert ORDER["order_id"] in opposite
