"""What may be expected of a run. Each says whether it is so, what was expected, and what there is instead."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from agentspan.agents.run_status import RunState
from agentspan.agents.testing.call_words import call_text
from agentspan.agents.testing.event_lines import json_text
from agentspan.agents.testing.kit_event import KIT_EVENTS
from agentspan.agents.testing.matches import expected_text, is_within, matches, matches_fields
from agentspan.agents.testing.tested_run import TestedCall, TestedEvent, TestedRun

EventPattern: TypeAlias = str | Mapping[str, Any]
"""An event by its type, or by any of its fields."""

_DECIDED = {"APPROVED": "approved", "REJECTED": "rejected", "RESPONDED": "answered"}


@dataclass(frozen=True)
class Finding:
    """Whether something holds of a run, in words for both cases."""

    holds: bool
    #: After "Expected": "the run to have completed".
    expected: str
    #: A sentence: "It is WAITING."
    instead: str


def status(run: TestedRun, state: RunState) -> Finding:
    return Finding(run.state == state, f"the run to be {state}", state_text(run))


def completed(run: TestedRun) -> Finding:
    return Finding(run.is_success, "the run to have completed", state_text(run))


def failed(run: TestedRun, reason: str | None) -> Finding:
    fits = reason is None or (run.error is not None and run.error.reason == reason)
    why = "" if reason is None else f" with {reason}"
    return Finding(run.state == "FAILED" and fits, f"the run to have failed{why}", state_text(run))


def no_errors(run: TestedRun) -> Finding:
    errors = [event for event in run.events if _is_error(event)]
    told = [f"{event.type} (event {getattr(event, 'sequence', 0)})" for event in errors]
    instead = f"It has {', '.join(told)}." if told else state_text(run)
    return Finding(not errors and run.error is None, "the run to have no errors", instead)


def used_tool(run: TestedRun, name: str, args: Any) -> Finding:
    fits = (call for call in run.calls if call.tool_name == name and call.used)
    holds = any(args is None or matches(args, call.args) for call in fits)
    with_args = "" if args is None else f" with {expected_text(args)}"
    return Finding(holds, f"{name} to have been used{with_args}", tool_text(run, name))


def tool_call_order(run: TestedRun, names: Sequence[str]) -> Finding:
    used = _used(run)
    holds = is_within(names, used, lambda name, other: name == other)
    instead = f"They were used in the order {', '.join(used) or 'of none at all'}."
    return Finding(holds, f"tools to have been used in the order {', '.join(names)}", instead)


def tools_used_exactly(run: TestedRun, names: Sequence[str]) -> Finding:
    used, wanted = list(dict.fromkeys(_used(run))), list(dict.fromkeys(names))
    missing = ", ".join(name for name in wanted if name not in used)
    others = ", ".join(name for name in used if name not in wanted)
    parts = ([f"{missing} was not used"] if missing else []) + ([f"{others} was used as well"] if others else [])
    instead = f"{', and '.join(parts)}." if parts else "They were."
    return Finding(not parts, f"exactly these tools to have been used: {', '.join(names) or 'none'}", instead)


def output(run: TestedRun, expected: Any) -> Finding:
    holds = "result" in run.output and matches(expected, run.output["result"])
    return Finding(holds, f"the output to be {expected_text(expected)}", output_text(run))


def output_contains(run: TestedRun, text: str) -> Finding:
    return Finding(text in _answer(run), f"the output to contain {json_text(text)}", output_text(run))


def output_matches(run: TestedRun, pattern: str | re.Pattern[str]) -> Finding:
    compiled = re.compile(pattern)
    holds = compiled.search(_answer(run)) is not None
    return Finding(holds, f"the output to match /{compiled.pattern}/", output_text(run))


def events_contain(run: TestedRun, pattern: EventPattern) -> Finding:
    holds = any(_fits(pattern, event) for event in run.events)
    instead = f"They are {', '.join(event.type for event in run.events)}."
    return Finding(holds, f"the events to contain {expected_text(pattern)}", instead)


def event_sequence(run: TestedRun, patterns: Sequence[EventPattern]) -> Finding:
    wanted = ", ".join(map(expected_text, patterns))
    instead = f"They came in the order {', '.join(event.type for event in run.events)}."
    holds = is_within(patterns, run.events, _fits)
    return Finding(holds, f"the events to come in the order {wanted}", instead)


def max_turns(run: TestedRun, most: int) -> Finding:
    turns = sum(event.type == "model_replied" for event in run.events)
    return Finding(turns <= most, f"the model to have been asked at most {most} times", f"It replied {turns} times.")


def paused(run: TestedRun, name: str | None) -> Finding:
    whom = "for a person" if name is None else f"for a person to decide {name}"
    return Finding(
        any(call.paused for call in _calls(run, name)), f"the run to have waited {whom}", tool_text(run, name)
    )


def decided_as(run: TestedRun, outcome: str, name: str | None, by: str | None = None) -> Finding:
    decisions = [call.decision for call in _calls(run, name) if call.decision is not None]
    holds = any(made.outcome == outcome and by in (None, made.by) for made in decisions)
    expected = f"{by or 'a person'} to have {_DECIDED[outcome]} {name or 'a call'}"
    return Finding(holds, expected, tool_text(run, name))


def rejected(run: TestedRun, name: str | None, reason: str | re.Pattern[str] | None) -> Finding:
    finding = decided_as(run, "REJECTED", name)
    if reason is None or not finding.holds:
        return finding
    decisions = [call.decision for call in _calls(run, name) if call.decision is not None]
    holds = any(made.outcome == "REJECTED" and matches(reason, made.comment) for made in decisions)
    return Finding(holds, f"{finding.expected} for {expected_text(reason)}", tool_text(run, name))


def expired(run: TestedRun, name: str | None) -> Finding:
    holds = any(call.expired for call in _calls(run, name))
    return Finding(holds, f"nobody to have decided {name or 'a call'} in time", tool_text(run, name))


def state_text(run: TestedRun) -> str:
    """Where the run stands."""
    return f"It is {run.state}{'' if run.error is None else f': {run.error.reason}: {run.error.message}'}."


def output_text(run: TestedRun) -> str:
    """What the run's answer is."""
    if "result" not in run.output:
        return f"There is no output: the run is {run.state}."
    return f"It is {json_text(run.output['result'])}."


def tool_text(run: TestedRun, name: str | None) -> str:
    """What became of the calls of a tool, or of all."""
    calls = _calls(run, name)
    if calls:
        return " ".join(map(call_text, calls))
    others = ", ".join(dict.fromkeys(call.tool_name for call in run.calls))
    return f"The model called {f'{others} only' if others else 'no tool at all'}."


def _calls(run: TestedRun, name: str | None) -> list[TestedCall]:
    return [call for call in run.calls if name in (None, call.tool_name)]


def _used(run: TestedRun) -> list[str]:
    return [call.tool_name for call in run.calls if call.used]


def _answer(run: TestedRun) -> str:
    result = run.output.get("result", "")
    return result if isinstance(result, str) else json.dumps(result, ensure_ascii=False, separators=(",", ":"))


def _is_error(event: TestedEvent) -> bool:
    if isinstance(event, KIT_EVENTS):
        return False
    if event.type == "tool_call":
        return event.refused is not None
    if event.type == "tool_result":
        return event.outcome.kind == "error"
    return event.type in ("error", "failed", "timed_out")


def _fits(pattern: EventPattern, event: TestedEvent) -> bool:
    return event.type == pattern if isinstance(pattern, str) else matches_fields(pattern, event)
