"""The agent of the kit's tests: it looks up at once, refunds where a person approves, and asks people."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from agentspan.agents import Agent, Duration, agent_tool, human_tool, tool

ORDER = {"order_id": "ORD-8821"}
REFUND = {"order_id": "ORD-8821", "amount": 29.99}
MODEL = "openai/gpt-4o-mini"


@dataclass
class Till:
    """What became of its tools, for a test to look at."""

    refunds: list[dict[str, Any]] = field(default_factory=list)
    lookups: int = 0


def refund_agent(of: Till | None = None, *, expires_in: Duration | None = None, failures: int = 0) -> Agent:
    """People have so much time for an approval; lookups fail so often before one succeeds."""
    till = of or Till()

    @tool(retry={"initial_backoff": "100ms"})
    def get_order(order_id: str) -> dict[str, Any]:
        """Look up an order by ID."""
        till.lookups += 1
        if till.lookups <= failures:
            raise OSError("The shop is closed.")
        return {"order_id": order_id, "amount": 29.99, "status": "delivered"}

    approval: Any = True if expires_in is None else {"expires_in": expires_in}

    @tool(approval=approval)
    def process_refund(order_id: str, amount: float) -> dict[str, Any]:
        """Issue a refund. Requires approval."""
        till.refunds.append({"order_id": order_id, "amount": amount})
        return {"refunded": True, "order_id": order_id, "amount": amount}

    ask_customer = human_tool(
        "ask_customer", "Asks the customer what only they know.", answer=dict[Literal["size"], Literal["S", "M", "L"]]
    )
    return Agent(
        name="refund_agent",
        model=MODEL,
        tools=[get_order, process_refund, ask_customer],
        instructions="You handle refund requests.",
    )


def desk_agent(of: Till) -> Agent:
    """An agent that hands refunds to the one above."""
    return Agent(
        name="desk",
        model=MODEL,
        tools=[agent_tool(refund_agent(of), "Handles refunds.")],
        instructions="You hand work on.",
    )
