"""What a kit says of a run that does not do what the test waits for."""

from __future__ import annotations

from collections.abc import Sequence

from agentspan.agents.approval import Approval
from agentspan.agents.run_event import RunEvent
from agentspan.agents.run_status import RunStatus

_DECIDED = {"APPROVED": "approved", "REJECTED": "rejected", "RESPONDED": "answered"}


def never_waited(events: Sequence[RunEvent], tool_name: str | None, approval_id: str) -> str:
    """Why a run that has ended does not wait for a person."""
    for event in reversed(events):
        if event.type != "waiting":
            continue
        if approval_id in ("", event.approval_id) and tool_name in (None, event.tool_name):
            became = _what_became(events, event.approval_id)
            return f"The run has ended, and waits for nobody any more: {event.tool_name} {became}."
    if approval_id:
        return f"The run has ended and never had an approval {approval_id}."
    what_for = "for a person" if tool_name is None else f"for a person to decide {tool_name}"
    return f"The run has ended and never waited {what_for}."


def several_wait(approvals: Sequence[Approval]) -> str:
    """That it is not said which of them is decided."""
    each = " and ".join(f"{one.tool_name} {one.arguments_json} ({one.approval_id})" for one in approvals)
    return (
        f'The run waits for a person to decide {each}: say which of them, as tool_name="{approvals[0].tool_name}", or '
        "by approval_id where they are of one tool."
    )


def ended_early(status: RunStatus) -> list[str]:
    """That a run ended otherwise than by its answer, for whoever reads what its script has left over."""
    if status.state == "COMPLETED":
        return []
    why = "" if status.error is None else f" ({status.error.reason}: {status.error.message})"
    return [f"The run is {status.state}{why}."]


def _what_became(events: Sequence[RunEvent], approval_id: str) -> str:
    for event in reversed(events):
        if event.type == "decided" and event.decision is not None and event.decision.approval_id == approval_id:
            outcome = event.decision.outcome
            who = event.decision.on_behalf_of or event.decision.decided_by
            return f"was {_DECIDED.get(outcome, f'settled as {outcome}')} by {who}"
        if event.type == "checkpoint_closed" and event.approval_id == approval_id and event.why == "EXPIRED":
            return "expired"
    return "is not wanted any more"
