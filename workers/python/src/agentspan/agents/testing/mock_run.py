"""Plays events against an agent, and refuses those that no server would bring about.

Its tools are not called. What is checked is what a server checks: that the agent has the tool, that the arguments fit
its schema, and that nothing runs before the person whom its tool asks for was waited for.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import jsonschema

from agentspan.agents.agent import Agent, AnyTool
from agentspan.agents.human_tool import HumanTool
from agentspan.agents.input_schema import ArgumentsError
from agentspan.agents.json_text import to_json_text
from agentspan.agents.run_status import RunError, RunState
from agentspan.agents.testing.mock_event import MockEvent
from agentspan.agents.tool import Tool


class MockRunError(AssertionError):
    """The events are none that a run of this agent could have."""


@dataclass
class MockCall:
    """A call that the model made."""

    tool_name: str
    args: dict[str, Any]
    #: A person must decide before it runs.
    gated: bool
    #: None while nobody was asked.
    decision: str | None = None
    has_result: bool = False
    result: Any = None


@dataclass
class MockResult:
    """What became of a made-up run."""

    agent: Agent
    input: str
    state: RunState = "RUNNING"
    #: "result" and "finishReason"; empty unless it completed.
    output: dict[str, Any] = field(default_factory=dict)
    error: RunError | None = None
    calls: list[MockCall] = field(default_factory=list)
    events: list[MockEvent] = field(default_factory=list)

    @property
    def is_success(self) -> bool:
        """The state is COMPLETED."""
        return self.state == "COMPLETED"

    @property
    def is_waiting(self) -> bool:
        """The last event was that it waits."""
        return self.state == "WAITING"


def mock_run(agent: Agent, input: str, *, events: Sequence[MockEvent]) -> MockResult:
    """What a run of the agent would be that goes so. Raises MockRunError where none could."""
    if not isinstance(input, str):
        raise MockRunError(f"The input of a run is text, and not {input!r}.")
    play = _Play(MockResult(agent, input))
    for event in events:
        play.take(event)
    return play.result


class _Play:
    def __init__(self, result: MockResult) -> None:
        self.result = result
        self._tools: dict[str, AnyTool] = {tool.name: tool for tool in result.agent.tools}

    def take(self, event: MockEvent) -> None:
        result = self.result
        if result.state not in ("RUNNING", "WAITING"):
            raise MockRunError(f"{_told(event)} comes after the run has ended.")
        if result.state == "WAITING" and event.type != "rejected":
            self._decide("APPROVED")
        getattr(self, f"_{event.type}")(event)
        result.events.append(event)

    def _tool_call(self, event: MockEvent) -> None:
        tool = self._tools.get(event.tool_name)
        if tool is None:
            known = ", ".join(self._tools) or "none"
            raise MockRunError(f"The agent {self.result.agent.name} has no tool {event.tool_name}; it has {known}.")
        args = dict(event.args)
        _check(tool, args)
        gated = isinstance(tool, HumanTool) or tool.message.approval.required
        self.result.calls.append(MockCall(tool.name, args, gated))

    def _tool_result(self, event: MockEvent) -> None:
        call = next((one for one in self.result.calls if one.tool_name == event.tool_name and not one.has_result), None)
        if call is None:
            raise MockRunError(f"{event.tool_name} has a result without having been called: bring its tool_call first.")
        if call.gated and call.decision is None:
            raise MockRunError(f"{call.tool_name} needs a person before it runs: bring MockEvent.waiting() first.")
        call.has_result, call.result = True, event.value

    def _waiting(self, event: MockEvent) -> None:
        if not self._undecided():
            raise MockRunError(f"{_told(event)}, but no call waits for a person: bring the tool_call of a gated tool.")
        self.result.state = "WAITING"

    def _rejected(self, event: MockEvent) -> None:
        if self.result.state != "WAITING":
            raise MockRunError(f"{_told(event)}, but nobody was asked: bring MockEvent.waiting() first.")
        call = self._decide("REJECTED")
        call.has_result, call.result = True, f"Rejected by a person: {event.message}"

    def _done(self, event: MockEvent) -> None:
        self._require_decided(event)
        self.result.state = "COMPLETED"
        self.result.output = {"result": event.value, "finishReason": "STOP"}

    def _failed(self, event: MockEvent) -> None:
        self.result.state = "FAILED"
        self.result.error = RunError(str(event.value), event.message)

    def _decide(self, outcome: str) -> MockCall:
        call = self._undecided()[0]
        call.decision = outcome
        self.result.state = "RUNNING"
        return call

    def _undecided(self) -> list[MockCall]:
        return [call for call in self.result.calls if call.gated and call.decision is None]

    def _require_decided(self, event: MockEvent) -> None:
        open_calls = self._undecided()
        if open_calls:
            name = open_calls[0].tool_name
            raise MockRunError(f"{_told(event)}, but {name} still needs a person: bring MockEvent.waiting() first.")


def _check(tool: AnyTool, args: dict[str, Any]) -> None:
    try:
        if isinstance(tool, Tool):
            tool.schema.read(to_json_text(args, "args"))
        elif tool.message.input_schema_json:
            jsonschema.validate(args, json.loads(tool.message.input_schema_json))
    except (ArgumentsError, jsonschema.ValidationError) as error:
        raise MockRunError(f"The arguments of {tool.name} do not fit its schema: {error}") from error


def _told(event: MockEvent) -> str:
    return f"{event.type} ({event.message})" if event.message else event.type
