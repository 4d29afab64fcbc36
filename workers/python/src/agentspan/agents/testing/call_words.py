"""What became of a call, in a sentence."""

from __future__ import annotations

from agentspan.agents.testing.event_lines import json_text, outcome_text
from agentspan.agents.testing.tested_run import TestedCall, TestedDecision


def call_text(call: TestedCall) -> str:
    """How it was called, what people did, and what came of it."""
    called = f"{call.tool_name} was called with {json_text(call.asked_args)}"
    if call.refused is not None:
        return f"{called} and refused: {call.refused}."
    parts = ["waited for a person"] if call.paused else []
    if call.expired:
        parts.append("expired")
    if call.decision is not None:
        parts.append(_decision_text(call.decision, "" if call.args == call.asked_args else json_text(call.args)))
    if call.used and (call.outcome is None or call.outcome.kind != "responded"):
        parts.append("ran" if call.outcome is None else f"ran: {outcome_text(call.outcome)}")
    return f"{called}, {', '.join(parts)}." if parts else f"{called} and did not run."


def _decision_text(made: TestedDecision, edited: str) -> str:
    how = f" with {edited}" if edited else ""
    comment = f" ({made.comment})" if made.comment else ""
    return f"was {made.outcome.lower()}{how} by {made.by}{comment}"
