"""What a test names: a tool, an event or a state that there is not is misspelt.

Then "it was not used" says nothing.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias, get_args

from agentspan.agents.run_event import RunEvent
from agentspan.agents.run_status import RunState
from agentspan.agents.testing.kit_error import KitError
from agentspan.agents.testing.kit_event import KIT_EVENTS
from agentspan.agents.testing.mock_event import shown
from agentspan.agents.testing.tested_calls import TestedChildRun
from agentspan.agents.testing.tested_run import TestedRun

EventPattern: TypeAlias = str | Mapping[str, Any]
"""An event by its type, or by any of its fields."""

_REASONS = (
    *("MAX_TURNS", "MODEL_FAILED", "TOKEN_BUDGET", "SIZE_LIMIT", "DEADLINE", "APPROVAL_EXPIRED", "TOOL_FAILED"),
    "CANCELLED",
)
_EVENTS = tuple(str(kind.type) for kind in (*get_args(RunEvent), *KIT_EVENTS))


def require_tool(run: TestedRun, name: object) -> None:
    """Raises KitError where neither the agent, nor one that it starts runs of, nor the model knows the tool."""
    if not isinstance(name, str):
        raise KitError(f"A tool is named by its name, not by {shown(name)}.")
    tools = run.tools
    if tools is None or any(call.tool_name == name for call in run.calls):
        return
    if any(name in names for names in (tools.own, *tools.below.values())):
        return
    # What an agent has that is known by its name only, nobody can tell.
    if any(child.agent_name not in tools.below for child in run.child_runs):
        return
    raise KitError(f"The agent {run.agent_name} has no tool {name}; it has {', '.join(tools.own) or 'none'}.")


def require_tool_names(run: TestedRun, names: object) -> None:
    """The same of a list."""
    if isinstance(names, str) or not isinstance(names, Sequence):
        raise KitError(f"Names of tools are given as a list, not as {shown(names)}.")
    for name in names:
        require_tool(run, name)


def untold(run: TestedRun, name: str) -> str | None:
    """Why this run does not tell what became of a tool: only an agent of which it started runs has it."""
    tools = run.tools
    if (tools is not None and name in tools.own) or any(call.tool_name == name for call in run.calls):
        return None
    having = [
        child
        for child in run.child_runs
        if tools is None or child.agent_name not in tools.below or name in tools.below[child.agent_name]
    ]
    if not having:
        return None
    told = f"{name} is no tool of {run.agent_name}: what became of it is told by the runs that this one started."
    return f"{told} {_look_at(having)}"


def untold_people(run: TestedRun) -> str | None:
    """Why this run does not tell all that people did; None where it does."""
    if not run.child_runs:
        return None
    return f"What people did in the runs that this one started is told by those. {_look_at(run.child_runs)}"


def _look_at(runs: Iterable[TestedChildRun]) -> str:
    ways = ", ".join(f'kit.tested("{run.run_id}") for {run.agent_name}' for run in runs)
    return f"Look at {ways}."


def require_state(state: object) -> None:
    """Raises KitError where no run can be that."""
    _require_known("state of a run", state, get_args(RunState))


def require_reason(reason: object) -> None:
    """Raises KitError where no run fails for that."""
    _require_known("reason of a run to fail", reason, _REASONS)


def require_events(run: TestedRun, patterns: object) -> None:
    """As require_event, of a list."""
    if isinstance(patterns, str | Mapping) or not isinstance(patterns, Sequence):
        raise KitError(f"Events are given as a list, not as {shown(patterns)}.")
    if not patterns:
        raise KitError("No events are in order in any run: name some.")
    for pattern in patterns:
        require_event(run, pattern)


def require_event(run: TestedRun, pattern: EventPattern) -> None:
    """Raises KitError where no event can have this type, or these fields."""
    if not isinstance(pattern, str | Mapping):
        raise KitError(f"An event is named by its type, or by a dict of some fields, and not by {shown(pattern)}.")
    if isinstance(pattern, str):
        _require_known("type of event", pattern, _EVENTS)
        return
    if not pattern:
        raise KitError("An event without a type or fields is any event: name some.")
    of_type = list(run.events)
    if isinstance(pattern.get("type"), str):
        _require_known("type of event", pattern["type"], _EVENTS)
        of_type = [event for event in run.events if event.type == pattern["type"]]
    known = dict.fromkeys(field.name for event in of_type for field in dataclasses.fields(event))
    missing = next((name for name in pattern if name not in known), None)
    if known and missing is not None:
        kind = f" of type {pattern['type']}" if "type" in pattern else ""
        raise KitError(f"An event{kind} has no field {missing}; it has {', '.join(known)}.")


def require_count(count: object, what: str) -> None:
    """Raises KitError where nothing can be so many."""
    if isinstance(count, bool) or not isinstance(count, int) or count < 0:
        raise KitError(f"{what} is a whole number, 0 or more: not {shown(count)}.")


def _require_known(what: str, name: object, known: Sequence[str]) -> None:
    if name not in known:
        raise KitError(f"There is no {what} {shown(name)}; there are {', '.join(known)}.")
