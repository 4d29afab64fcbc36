from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from agentspan.agents import Agent, human_tool, tool
from agentspan.agents.testing import Expectation, MockEvent, MockResult, MockRunError, expect, mock_run


@tool
def get_order(order_id: str) -> dict[str, str]:
    """Look up an order by ID."""
    raise AssertionError("tools are not called")


@tool(approval_required=True)
def process_refund(order_id: str, amount: float) -> dict[str, bool]:
    """Issue a refund."""
    raise AssertionError("tools are not called")


AGENT = Agent(name="desk", model="demo/refund", tools=[get_order, process_refund, human_tool("ask", "Asks.")])
REFUND = MockEvent.tool_call("process_refund", {"order_id": "ORD-8821", "amount": 29.99})


def play(*events: MockEvent) -> MockResult:
    return mock_run(AGENT, "Refund order ORD-8821", events=events)


def test_plays_a_run_that_waits_and_completes() -> None:
    result = play(
        MockEvent.tool_call("get_order", {"order_id": "ORD-8821"}),
        MockEvent.tool_result("get_order", {"amount": 29.99}),
        REFUND,
        MockEvent.waiting("Waiting for refund approval"),
        MockEvent.tool_result("process_refund", {"refunded": True}),
        MockEvent.done("Refunded."),
    )
    assert result.output == {"result": "Refunded.", "finishReason": "STOP"}
    expect(result).completed().waited().waited(times=1).used_tool("get_order").used_tool(
        "process_refund", args={"order_id": "ORD-8821", "amount": 29.99}, times=1
    ).did_not_use_tool("ask").output("Refunded.").output_contains("Refund")


def test_plays_a_rejection_and_a_run_that_waits_still() -> None:
    rejected = play(REFUND, MockEvent.waiting(), MockEvent.rejected("too much"), MockEvent.done("Sorry."))
    expect(rejected).completed().rejected("process_refund").did_not_use_tool("process_refund")
    expect(play(REFUND, MockEvent.waiting())).waits()
    expect(play(MockEvent.failed("MODEL_FAILED", "no answer"))).failed().failed("MODEL_FAILED")
    asked = play(
        MockEvent.tool_call("ask", {"question": "Which?"}), MockEvent.waiting(), MockEvent.tool_result("ask", 1)
    )
    assert asked.calls[0].result == 1


@pytest.mark.parametrize(
    ("events", "words"),
    [
        ([MockEvent.tool_call("refund")], "has no tool refund; it has get_order, process_refund, ask"),
        ([MockEvent.tool_call("get_order", {"id": 1})], "do not fit its schema"),
        ([MockEvent.tool_call("ask", {})], "do not fit its schema"),
        ([MockEvent.tool_result("get_order")], "without having been called"),
        ([MockEvent.waiting("now")], "no call waits for a person"),
        ([REFUND, MockEvent.tool_result("process_refund")], "needs a person before it runs"),
        ([REFUND, MockEvent.done("Refunded.")], "still needs a person"),
        ([REFUND, MockEvent.rejected("no")], "nobody was asked"),
        ([MockEvent.done(), MockEvent.done()], "after the run has ended"),
    ],
)
def test_refuses_what_no_server_would_bring_about(events: Sequence[MockEvent], words: str) -> None:
    with pytest.raises(MockRunError, match=words):
        play(*events)


@pytest.mark.parametrize(
    ("look", "words"),
    [
        (lambda it: it.completed(), "Expected it to have completed, and it is RUNNING"),
        (lambda it: it.failed(), "Expected it to have failed, and it is RUNNING"),
        (lambda it: it.waits(), "Expected it to wait for a person"),
        (lambda it: it.waited(), "it waited 0 times"),
        (lambda it: it.used_tool("process_refund"), "the calls were: get_order"),
        (lambda it: it.used_tool("get_order", times=2), "get_order to have been used 2 times"),
        (lambda it: it.did_not_use_tool("get_order"), "get_order not to have been used"),
        (lambda it: it.rejected("get_order"), "get_order to have been rejected"),
        (lambda it: it.output("x"), "Expected the answer 'x'"),
        (lambda it: it.output_contains("x"), "with 'x' in it"),
    ],
)
def test_says_what_there_is_instead(look: Callable[[Expectation], object], words: str) -> None:
    result = play(MockEvent.tool_call("get_order", {"order_id": "ORD-8821"}))
    with pytest.raises(AssertionError, match=words):
        look(expect(result))
