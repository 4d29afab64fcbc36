"""What became of calls, in sentences."""

from __future__ import annotations

from agentspan.agents.testing.event_lines import json_text, outcome_text
from agentspan.agents.testing.finding import sentence
from agentspan.agents.testing.tested_calls import TestedCall, TestedDecision, TestedVote
from agentspan.agents.testing.tested_run import TestedRun

_SAID = {
    "REJECTED": "was rejected by",
    "RESPONDED": "was answered by",
    "HAPPENED": "had happened by the word of",
    "RUN_AGAIN": "was to run again by the word of",
    "GIVEN_UP": "was given up by",
    "UNSPECIFIED": "was decided by",
}


def tool_text(run: TestedRun, name: str | None) -> str:
    """What became of the calls of a tool, or of all."""
    calls = [call for call in run.calls if name in (None, call.tool_name)]
    if calls:
        return " ".join(map(_call_text, calls))
    others = ", ".join(dict.fromkeys(call.tool_name for call in run.calls))
    return f"The model called {f'{others} only' if others else 'no tool at all'}."


def _call_text(call: TestedCall) -> str:
    called = f"{call.tool_name} was called with {json_text(call.asked_args)}"
    if call.refused is not None:
        return sentence(f"{called} and refused: {call.refused}")
    edited = "" if call.args == call.asked_args else f" with {json_text(call.args)}"
    parts = ["waited for a person"] if call.paused else []
    if call.expired:
        parts.append("expired")
    parts.extend(map(_vote_text, call.votes))
    parts.extend(_decision_text(made, edited) for made in call.decisions)
    if call.used and (call.outcome is None or call.outcome.kind != "responded"):
        parts.append("ran" if call.outcome is None else f"ran: {outcome_text(call.outcome)}")
    return sentence(f"{called}, {', '.join(parts)}") if parts else f"{called} and did not run."


def _vote_text(vote: TestedVote) -> str:
    return f"had the vote of {vote.by}{'' if vote.outcome == 'APPROVED' else f' for {vote.outcome}'}"


def _decision_text(made: TestedDecision, edited: str) -> str:
    comment = f" ({made.comment})" if made.comment else ""
    if made.outcome != "APPROVED":
        return f"{_SAID[made.outcome]} {made.by}{comment}"
    how = f"was allowed by a grant of {made.by}" if made.by_grant else f"was approved{edited} by {made.by}"
    return f"{how}{comment}"
