"""Serves the refund agent's tools until it is asked to stop: all of them, or those that its arguments name.

Settings: AGENTSPAN_NATS_URL, AGENTSPAN_MODEL, and REFUND_LEDGER, a file that stands for the billing system: it has one
line for each refund, found by its idempotency key.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from pathlib import Path
from typing import Any

from agentspan.agents import Agent, DidNotHappen, Happened, ProbeContext, ToolContext, serve, tool

LEDGER = Path(os.environ.get("REFUND_LEDGER", "refunds.jsonl"))


def booking(idempotency_key: str) -> dict[str, Any] | None:
    """The refund with this key, if there is one."""
    lines = LEDGER.read_text("utf-8").splitlines() if LEDGER.exists() else []
    rows = (json.loads(line) for line in lines)
    return next((row for row in rows if row["key"] == idempotency_key), None)


def found(order_id: str, amount: float, about: ProbeContext) -> Happened | DidNotHappen:
    """What is asked where a worker was lost in the middle of a refund."""
    row = booking(about.idempotency_key)
    if row is None:
        return DidNotHappen("no booking has this key")
    return Happened({"refunded": True, "order_id": row["order_id"], "amount": row["amount"]}, "it is in the ledger")


@tool
def get_order(order_id: str) -> dict[str, Any]:
    """Look up an order by ID."""
    return {"order_id": order_id, "amount": 29.99, "status": "delivered"}


@tool
def get_customer(customer_id: str) -> dict[str, Any]:
    """Get customer account details."""
    return {"customer_id": customer_id, "name": "Alex", "email": "alex@example.com"}


@tool(approval_required=True, probe=found)
def process_refund(order_id: str, amount: float, about: ToolContext) -> dict[str, Any]:
    """Issue a refund. Requires human approval."""
    row = {"key": about.idempotency_key, "order_id": order_id, "amount": amount}
    with LEDGER.open("a", encoding="utf-8") as ledger:
        ledger.write(json.dumps(row) + "\n")
    about.logger.info("Refunded an order")
    return {"refunded": True, "order_id": order_id, "amount": amount}


def refund_agent(*named: str) -> Agent:
    """The agent with these of its tools, or with all of them where none is named."""
    tools = (get_order, get_customer, process_refund)
    return Agent(
        name="refund_agent",
        model=os.environ.get("AGENTSPAN_MODEL", "openai/gpt-4o-mini"),
        tools=[one for one in tools if not named or one.name in named],
        instructions="""You handle refund requests.
1. Look up the order
2. Look up the customer
3. Call process_refund: it will pause for human approval automatically
""",
    )


agent = refund_agent()

if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    serve(refund_agent(*sys.argv[1:]))
