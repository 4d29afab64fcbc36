"""What may be expected of a run. Each says whether it is so, what was expected, and what there is instead."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from agentspan.agents.run_status import RunState
from agentspan.agents.testing.event_lines import event_detail, json_text
from agentspan.agents.testing.finding import Finding, sentence, state_text, times_text
from agentspan.agents.testing.hidden_frames import of_the_library
from agentspan.agents.testing.kit_error import KitError
from agentspan.agents.testing.kit_event import KIT_EVENTS
from agentspan.agents.testing.matches import expected_text, is_within, matches, matches_fields
from agentspan.agents.testing.names import (
    EventPattern,
    require_count,
    require_event,
    require_events,
    require_reason,
    require_state,
)
from agentspan.agents.testing.tested_run import TestedEvent, TestedRun

__tracebackhide__ = of_the_library


def status(run: TestedRun, state: RunState) -> Finding:
    require_state(state)
    return Finding(run.state == state, f"the run to be {state}", state_text(run))


def completed(run: TestedRun) -> Finding:
    return Finding(run.is_success, "the run to have completed", state_text(run))


def failed(run: TestedRun, reason: str | None) -> Finding:
    if reason is not None:
        require_reason(reason)
    fits = reason is None or (run.error is not None and run.error.reason == reason)
    why = "" if reason is None else f" with {reason}"
    return Finding(run.state == "FAILED" and fits, f"the run to have failed{why}", state_text(run))


def cancelled(run: TestedRun) -> Finding:
    return Finding(run.state == "CANCELLED", "the run to have been cancelled", state_text(run))


def timed_out(run: TestedRun) -> Finding:
    return Finding(run.state == "TIMED_OUT", "the run to have timed out", state_text(run))


def no_errors(run: TestedRun) -> Finding:
    errors = [event for event in run.events if _is_error(event)]
    told = [f"{event.type} (event {getattr(event, 'sequence', 0)})" for event in errors]
    instead = f"It has {', '.join(told)}." if told else state_text(run)
    return Finding(not errors and run.error is None, "the run to have no errors", instead)


def output(run: TestedRun, expected: Any) -> Finding:
    holds = "result" in run.output and matches(expected, run.output["result"])
    return Finding(holds, f"the output to be {expected_text(expected)}", output_text(run))


def output_contains(run: TestedRun, text: str) -> Finding:
    if not isinstance(text, str) or not text:
        raise KitError("An output contains a text that is not empty: every one has an empty one in it.")
    holds = "result" in run.output and text in _answer(run)
    return Finding(holds, f"the output to contain {json_text(text)}", output_text(run))


def output_matches(run: TestedRun, pattern: str | re.Pattern[str]) -> Finding:
    compiled = re.compile(pattern)
    holds = "result" in run.output and compiled.search(_answer(run)) is not None
    return Finding(holds, f"the output to match /{compiled.pattern}/", output_text(run))


def events_contain(run: TestedRun, pattern: EventPattern) -> Finding:
    require_event(run, pattern)
    holds = any(_fits(pattern, event) for event in run.events)
    kind = pattern.get("type") if isinstance(pattern, Mapping) else None
    told = "; ".join(_told(event) for event in run.events if event.type == kind)
    types = ", ".join(event.type for event in run.events)
    instead = sentence(f"Those of this type are {told}" if told else f"They are {types}")
    return Finding(holds, f"the events to contain {expected_text(pattern)}", instead)


def event_sequence(run: TestedRun, patterns: Sequence[EventPattern]) -> Finding:
    require_events(run, patterns)
    wanted = ", ".join(map(expected_text, patterns))
    instead = f"They came in the order {', '.join(event.type for event in run.events)}."
    holds = is_within(patterns, run.events, _fits)
    return Finding(holds, f"the events to come in the order {wanted}", instead)


def max_turns(run: TestedRun, most: int) -> Finding:
    require_count(most, "How often the model may be asked")
    turns = sum(event.type == "model_replied" for event in run.events)
    expected = f"the model to have been asked at most {times_text(most)}"
    return Finding(turns <= most, expected, f"It replied {times_text(turns)}.")


def output_text(run: TestedRun) -> str:
    """What the run's answer is."""
    if "result" not in run.output:
        return f"There is no output: the run is {run.state}."
    return f"It is {json_text(run.output['result'])}."


def _answer(run: TestedRun) -> str:
    result = run.output.get("result", "")
    return result if isinstance(result, str) else json.dumps(result, ensure_ascii=False, separators=(",", ":"))


def _told(event: TestedEvent) -> str:
    number = "" if isinstance(event, KIT_EVENTS) else f"event {event.sequence}: "
    return f"{number}{event_detail(event)}"


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
