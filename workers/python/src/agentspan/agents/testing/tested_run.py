"""A run as a test looks at it: made up by mock_run, or carried out by a kit.

What is told of its calls is read off its events.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

from agentspan.agents.approval import DecisionOutcome
from agentspan.agents.call_outcome import CallOutcome
from agentspan.agents.json_text import read_json_object
from agentspan.agents.run_event import RunEvent
from agentspan.agents.run_status import RunError, RunState, RunStatus, Usage
from agentspan.agents.testing.kit_event import KIT_EVENTS, KitEvent
from agentspan.agents.testing.seen_runs import see

TestedEvent: TypeAlias = RunEvent | KitEvent
"""An event of a run, as handles stream them; or one that only the kit knows."""


@dataclass(frozen=True)
class TestedDecision:
    """How people came into a call."""

    # What begins so is no test to pytest.
    __test__ = False

    outcome: DecisionOutcome
    by: str
    #: The reason of a rejection, or the comment.
    comment: str
    #: A standing grant decided it: nobody was asked.
    by_grant: bool


@dataclass
class TestedCall:
    """One call that the model made."""

    __test__ = False

    call_id: str
    tool_name: str
    #: As it ran: a person's edit, or else what the model wrote.
    args: dict[str, Any]
    #: As the model wrote it.
    asked_args: dict[str, Any]
    #: Why the server refused it, unknown tools and arguments that do not fit; None where it did not.
    refused: str | None
    #: It waited for a person.
    paused: bool = False
    #: Nobody decided in time.
    expired: bool = False
    decision: TestedDecision | None = None
    #: A worker had it, or a person answered the question that it is.
    used: bool = False
    #: None while it has none.
    outcome: CallOutcome | None = None


@dataclass(frozen=True)
class TestedRun:
    """What `expect` looks at."""

    __test__ = False

    run_id: str
    agent_name: str
    input: str
    state: RunState
    #: It waits for a person.
    is_waiting: bool
    #: "result" and "finishReason"; empty unless it completed.
    output: dict[str, Any]
    error: RunError | None
    usage: Usage
    #: Oldest first.
    events: tuple[TestedEvent, ...]

    @property
    def is_success(self) -> bool:
        """The state is COMPLETED."""
        return self.state == "COMPLETED"

    @functools.cached_property
    def calls(self) -> tuple[TestedCall, ...]:
        """The calls that the model made, in their order."""
        return calls_of(self.events)


def tested_run(status: RunStatus, events: Iterable[TestedEvent]) -> TestedRun:
    """A run whose status and events were read."""
    read = tuple(events)
    run = TestedRun(
        run_id=status.run_id,
        agent_name=status.agent_name,
        input=read[0].input if read and read[0].type == "run_started" else "",
        state=status.state,
        is_waiting=status.is_waiting,
        output=status.output,
        error=status.error,
        usage=status.usage,
        events=read,
    )
    return see(run)


# What begins so is no test to pytest, wherever it is imported.
tested_run.__test__ = False  # type: ignore[attr-defined]


def calls_of(events: Iterable[TestedEvent]) -> tuple[TestedCall, ...]:
    """The calls of a run, by its events."""
    calls: dict[str, TestedCall] = {}
    questions: set[str] = set()
    for event in events:
        if isinstance(event, KIT_EVENTS):
            continue
        if event.type == "tool_call":
            calls[event.call_id] = TestedCall(event.call_id, event.tool_name, event.args, event.args, event.refused)
        # What a run that this one started waits for is no call of this one.
        call = None if _is_of_child(event) else calls.get(getattr(event, "call_id", ""))
        if call is None:
            continue
        if event.type == "waiting":
            call.paused = True
            if event.kind == "QUESTION":
                questions.add(event.call_id)
        elif event.type == "decided" and event.decision is not None:
            made = event.decision
            by = made.on_behalf_of or made.decided_by
            call.decision = TestedDecision(made.outcome, by, made.comment, made.ground is not None)
            if made.edited_arguments_json:
                call.args = read_json_object(made.edited_arguments_json)
        elif event.type == "checkpoint_closed":
            call.expired = call.expired or event.why == "EXPIRED"
        elif event.type in ("tool_started", "child_started"):
            call.used = True
        elif event.type == "tool_result":
            call.outcome = event.outcome
            call.used = call.used or (event.outcome.kind == "result" and event.call_id in questions)
    return tuple(calls.values())


def _is_of_child(event: RunEvent) -> bool:
    return bool(getattr(event, "child_run_id", "")) and event.type != "child_started"
