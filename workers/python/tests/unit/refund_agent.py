"""The agent of the kit's tests: it looks up at once, refunds where a person approves, and asks people."""

from __future__ import annotations

from typing import Any

from agentspan.agents import Agent, human_tool, tool
from agentspan.agents.testing import MockEvent, TestedRun, mock_run

ORDER = {"order_id": "ORD-8821"}
REFUND = {"order_id": "ORD-8821", "amount": 29.99}
DONE = MockEvent.done("Done.")
LOOKS = MockEvent.tool_call("get_order", ORDER)
REFUNDS = MockEvent.tool_call("process_refund", REFUND)


@tool
def get_order(order_id: str) -> dict[str, Any]:
    """Look up an order by ID."""
    raise AssertionError("tools are not called")


@tool(approval_required=True)
def process_refund(order_id: str, amount: float) -> dict[str, Any]:
    """Issue a refund. Requires approval."""
    raise AssertionError("tools are not called")


ask_customer = human_tool(
    "ask_customer",
    "Asks the customer what only they know.",
    answer={"type": "object", "properties": {"size": {"enum": ["S", "M", "L"]}}, "required": ["size"]},
)
AGENT = Agent(name="refund_agent", model="openai/gpt-4o-mini", tools=[get_order, process_refund, ask_customer])


def mock(*events: MockEvent) -> TestedRun:
    return mock_run(AGENT, "Refund order ORD-8821", events=events)
