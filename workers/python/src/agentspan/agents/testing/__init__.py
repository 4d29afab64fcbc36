"""Tests of agents without a model, a server or a person.

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
from agentspan.agents.testing.findings import EventPattern
from agentspan.agents.testing.kit_error import KitError
from agentspan.agents.testing.kit_event import KitEvent
from agentspan.agents.testing.mock_event import MockDecision, MockEvent
from agentspan.agents.testing.mock_run import mock_run
from agentspan.agents.testing.normalised_history import normalised_history
from agentspan.agents.testing.replay import HistoryError, ReplayDifference, ReplayReport, replay
from agentspan.agents.testing.tested_run import TestedCall, TestedDecision, TestedEvent, TestedRun, tested_run

expect_run = expect
"""The same by another name, for files that have another `expect`."""

__all__ = [
    "EventPattern",
    "Expectation",
    "HistoryError",
    "KitError",
    "KitEvent",
    "MockDecision",
    "MockEvent",
    "ReplayDifference",
    "ReplayReport",
    "TestedCall",
    "TestedDecision",
    "TestedEvent",
    "TestedRun",
    "expect",
    "expect_run",
    "mock_run",
    "normalised_history",
    "replay",
    "tested_run",
]
