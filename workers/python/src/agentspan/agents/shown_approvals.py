"""What a person was last shown, so that a decision is about that and nothing else.

A decision that is sent without an id would decide whatever is open by the time it arrives.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from agentspan.agents.approval import Approval
from agentspan.agents.errors import AgentspanError

DecisionKind = Literal["decision", "settlement"]
"""Settlements are answered by settle alone, everything else by approve, reject and respond."""


class ShownApprovals:
    """What a handle last showed."""

    def __init__(self) -> None:
        self._last: tuple[Approval, ...] = ()

    def show(self, approvals: Sequence[Approval]) -> None:
        """A status or one event showed these, in place of what was shown before. None shown leaves none pinned."""
        self._last = tuple(approvals)

    def forget(self) -> None:
        """Nothing is shown any more."""
        self._last = ()

    def find(self, approval_id: str) -> Approval | None:
        """The approval of that id, where it was shown."""
        return next((one for one in self._last if one.approval_id == approval_id), None)

    def pinned(self, kind: DecisionKind) -> Approval | None:
        """The one approval that a decision without an id is about; None where none was shown.

        Raises APPROVAL_ID_REQUIRED, listing them, where several were.
        """
        fitting = [one for one in self._last if _fits(one, kind)]
        return _the_only(fitting) if fitting else None


def only_open(run_id: str, approvals: Sequence[Approval], kind: DecisionKind) -> Approval:
    """Exactly one open approval of a status.

    Raises NOTHING_TO_DECIDE, SETTLE_REQUIRED or APPROVAL_ID_REQUIRED.
    """
    fitting = [one for one in approvals if _fits(one, kind)]
    if fitting:
        return _the_only(fitting)
    metadata = {"runId": run_id}
    if approvals and kind == "decision":
        remedy = "look whether it happened and answer with settle()"
        message = f"Run {run_id} waits for a call whose outcome is unknown; {remedy}."
        raise AgentspanError("SETTLE_REQUIRED", message, metadata=metadata)
    what = "no call of unknown outcome" if kind == "settlement" else "no open approval"
    message = f"Run {run_id} has {what}; read its status first."
    raise AgentspanError("NOTHING_TO_DECIDE", message, metadata=metadata)


def _fits(approval: Approval, kind: DecisionKind) -> bool:
    return (approval.kind == "SETTLEMENT") == (kind == "settlement")


def _the_only(approvals: Sequence[Approval]) -> Approval:
    if len(approvals) == 1:
        return approvals[0]
    listed = ", ".join(f"{one.approval_id} ({one.tool_name})" for one in approvals)
    message = f"{len(approvals)} approvals are open; say which one with approval_id: {listed}."
    metadata = {"approvalIds": ",".join(one.approval_id for one in approvals)}
    raise AgentspanError("APPROVAL_ID_REQUIRED", message, metadata=metadata)
