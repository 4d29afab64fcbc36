"""Tests of agents without a server and without a model: what the model would ask for is written down.

result = mock_run(
    agent,
    "Refund order ORD-8821",
    events=[
        MockEvent.tool_call("process_refund", {"order_id": "ORD-8821", "amount": 29.99}),
        MockEvent.waiting("Waiting for refund approval"),
        MockEvent.done("Refunded."),
    ],
)
expect(result).completed().used_tool("process_refund")
"""

from agentspan.agents.testing.expectation import Expectation, expect
from agentspan.agents.testing.mock_event import MockEvent
from agentspan.agents.testing.mock_run import MockCall, MockResult, MockRunError, mock_run

__all__ = ["Expectation", "MockCall", "MockEvent", "MockResult", "MockRunError", "expect", "mock_run"]
