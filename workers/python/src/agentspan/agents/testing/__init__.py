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

Or carried out, with a model and people by a script, on a server in memory whose clock the test moves:

with memory_kit(
    model=[calls("process_refund", {"order_id": "ORD-8821", "amount": 29.99}), says("Refunded.")],
    decisions={"process_refund": after("2d", approve())},
) as kit:
    expect(kit.run(agent, "Refund order ORD-8821")).completed().approved("process_refund")
"""

from agentspan.agents.testing.expectation import Expectation, expect
from agentspan.agents.testing.history_lines import history_lines
from agentspan.agents.testing.kit import Kit, KitOptions, MakesKits
from agentspan.agents.testing.kit_decisions import (
    DecisionScript,
    ScriptedDecision,
    ToolDecisions,
    after,
    approve,
    approve_with,
    nobody,
    reject,
    respond,
    settle,
)
from agentspan.agents.testing.kit_error import KitError
from agentspan.agents.testing.kit_event import KitEvent
from agentspan.agents.testing.kit_lost import worker_lost
from agentspan.agents.testing.kit_run import KitRun
from agentspan.agents.testing.known_tools import KnownTools
from agentspan.agents.testing.mock_event import MockDecision, MockEvent
from agentspan.agents.testing.mock_run import mock_run
from agentspan.agents.testing.model_script import AskedTurn
from agentspan.agents.testing.model_told import ToldMessage, ToldModel, ToldResult
from agentspan.agents.testing.model_turn import (
    CallsTurn,
    FailsTurn,
    ModelScript,
    ModelTurn,
    SaidTurn,
    SaysTurn,
    calls,
    fails,
    says,
)
from agentspan.agents.testing.names import EventPattern
from agentspan.agents.testing.normalised_history import normalised_history
from agentspan.agents.testing.replay import HistoryError, ReplayDifference, ReplayReport, replay
from agentspan.agents.testing.server_local import LocalServer, memory_kit, start_local_server, start_memory_server
from agentspan.agents.testing.tested_calls import TestedCall, TestedChildRun, TestedDecision, TestedVote
from agentspan.agents.testing.tested_run import TestedEvent, TestedRun, tested_run

expect_run = expect
"""The same by another name, for files that have another `expect`."""

__all__ = [
    "AskedTurn",
    "CallsTurn",
    "DecisionScript",
    "EventPattern",
    "Expectation",
    "FailsTurn",
    "HistoryError",
    "Kit",
    "KitError",
    "KitEvent",
    "KitOptions",
    "KitRun",
    "KnownTools",
    "LocalServer",
    "MakesKits",
    "MockDecision",
    "MockEvent",
    "ModelScript",
    "ModelTurn",
    "ReplayDifference",
    "ReplayReport",
    "SaidTurn",
    "SaysTurn",
    "ScriptedDecision",
    "TestedCall",
    "TestedChildRun",
    "TestedDecision",
    "TestedEvent",
    "TestedRun",
    "TestedVote",
    "ToldMessage",
    "ToldModel",
    "ToldResult",
    "ToolDecisions",
    "after",
    "approve",
    "approve_with",
    "calls",
    "expect",
    "expect_run",
    "fails",
    "history_lines",
    "memory_kit",
    "mock_run",
    "nobody",
    "normalised_history",
    "reject",
    "replay",
    "respond",
    "says",
    "settle",
    "start_local_server",
    "start_memory_server",
    "tested_run",
    "worker_lost",
]
