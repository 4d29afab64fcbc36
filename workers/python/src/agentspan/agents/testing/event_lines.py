"""Events for a person who reads why a test failed: one a line."""

from __future__ import annotations

import json
from typing import Any

from agentspan.agents.call_outcome import CallOutcome
from agentspan.agents.testing.kit_event import KIT_EVENTS
from agentspan.agents.testing.tested_run import TestedEvent, TestedRun

_LONGEST_TEXT = 160


def event_lines(run: TestedRun) -> str:
    """The head of the run and its events, one a line, numbered as the server numbers them."""
    why = "" if run.error is None else f" ({run.error.reason}: {run.error.message})"
    head = f"The run {run.run_id} of {run.agent_name} is {run.state}{why}. What happened in it:"
    return "\n".join([head, *map(_event_line, run.events)] if run.events else [head, "  nothing"])


def outcome_text(outcome: CallOutcome) -> str:
    """What became of a call."""
    if outcome.kind == "result":
        return _cut(outcome.json)
    if outcome.kind == "responded":
        return f"answered: {_cut(outcome.json)}"
    if outcome.kind == "rejected":
        return f"rejected: {_cut(outcome.message)}" if outcome.message else "rejected"
    if outcome.kind == "truncated":
        return f"{outcome.size_bytes} bytes"
    return "" if outcome.kind == "unknown" else f"{outcome.kind}: {_cut(outcome.message)}"


def json_text(value: Any) -> str:
    """A value as JSON on one line; what has no JSON form, as Python shows it."""
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    except (TypeError, ValueError):
        return repr(value)


def _event_line(event: TestedEvent) -> str:
    number = "" if isinstance(event, KIT_EVENTS) else str(event.sequence)
    return f"{number:>5}  {event.type:<18} {event_detail(event)}".rstrip()


def event_detail(event: TestedEvent) -> str:
    """What an event tells, without its number and type."""
    match event.type:
        case "run_started":
            return _quoted(event.input)
        case "model_replied":
            return f"calls {', '.join(event.call_ids)}" if event.call_ids else _quoted(event.text)
        case "tool_call" if event.refused is None:
            gated = " (needs approval)" if event.approval_required else ""
            return f"{event.call_id} {event.tool_name} {_cut(event.arguments_json)}{gated}"
        case "tool_call":
            return f"{event.call_id} {event.tool_name} {_cut(event.refused_arguments)} refused: {event.refused}"
        case "tool_started":
            attempt = f", attempt {event.attempt}" if event.attempt > 1 else ""
            return f"{event.call_id} {event.tool_name}{attempt}"
        case "tool_result" | "late_outcome":
            return f"{event.call_id} {event.tool_name} {outcome_text(event.outcome)}"
        case "waiting" | "voted" | "decided" | "checkpoint_closed":
            return _about_people(event)
        case "error":
            return f"{event.call_id or 'the model'}: {event.reason}: {_cut(event.message)}"
        case "child_started":
            return f"{event.call_id} {event.agent_name}, run {event.child_run_id}"
        case "warning":
            return f"{event.reason}: {_cut(event.message)}"
        case "ending":
            return f"{event.state} for {event.reason}" if event.reason else event.state
        case "done":
            return _cut(json_text(event.output.get("result")))
        case "failed" | "timed_out":
            return "" if event.error is None else f"{event.error.reason}: {_cut(event.error.message)}"
        case "cancelled":
            return f"by {event.by}{_said(event.reason)}"
        case "thinking" | "message":
            return _quoted(event.text)
        case "handoff":
            return f"to {event.agent_name}"
        case "guardrail_pass":
            return event.guardrail
        case "guardrail_fail":
            return f"{event.guardrail}{_said(event.reason)}"
        case _:
            return str(getattr(event, "call_id", ""))


def _about_people(event: TestedEvent) -> str:
    if event.type == "waiting":
        child = f" of run {event.child_run_id}" if event.child_run_id else ""
        return f"{event.call_id} {event.tool_name}: {event.kind.lower()}{child}"
    if event.type == "voted" and event.vote is not None:
        by = event.vote.on_behalf_of or event.vote.who
        return f"{event.call_id} {event.vote.what.lower()}{_with(event.edited_arguments_json)} by {by}"
    if event.type == "decided" and event.decision is not None:
        made = event.decision
        by = made.on_behalf_of or made.decided_by
        return f"{event.call_id} {made.outcome.lower()}{_with(made.edited_arguments_json)} by {by}{_said(made.comment)}"
    if event.type == "checkpoint_closed":
        return f"{event.call_id} {event.why.lower()}"
    return str(getattr(event, "call_id", ""))


def _with(edited: str) -> str:
    return f" with {_cut(edited)}" if edited else ""


def _said(words: str) -> str:
    return f": {_cut(words)}" if words else ""


def _quoted(text: str) -> str:
    return _cut(json_text(text)) if text else ""


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_TEXT else f"{text[: _LONGEST_TEXT - 1]}…"
