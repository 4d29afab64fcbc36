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
from agentspan.agents.testing.kit_error import KitError
from agentspan.agents.testing.mock_event import MockEvent
from agentspan.agents.testing.mock_run import MockCall, MockResult, MockRunError, mock_run
from agentspan.agents.testing.replay import HistoryError, ReplayDifference, ReplayReport, replay
from agentspan.agents.testing.tested_run import TestedCall, TestedDecision, TestedEvent, TestedRun, tested_run

__all__ = [
    "Expectation",
    "HistoryError",
    "KitError",
    "MockCall",
    "MockEvent",
    "MockResult",
    "MockRunError",
    "ReplayDifference",
    "ReplayReport",
    "TestedCall",
    "TestedDecision",
    "TestedEvent",
    "TestedRun",
    "expect",
    "mock_run",
    "replay",
    "tested_run",
]
