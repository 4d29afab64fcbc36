"""Events of the contract, as a program reads them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from agentspan.agents import call_event, run_event
from agentspan.agents.approval import (
    Approval,
    approval_of,
    approvers_of,
    date_of,
    decision_of,
    name_of,
    unknown_outcome_of,
    verdict_of,
    vote_of,
)
from agentspan.agents.call_outcome import call_outcome_of
from agentspan.agents.json_text import read_json_object
from agentspan.agents.run_event import RunEvent, UnknownEvent, WaitingEvent
from agentspan.agents.run_status import run_error_of, run_state_of, usage_of
from agentspan.v1 import approval_pb2, event_pb2


def run_event_of(message: event_pb2.Event) -> RunEvent:
    """Reads an event of the contract."""
    base: dict[str, Any] = {"run_id": message.run_id, "sequence": message.sequence, "at": date_of(message, "at")}
    which = message.WhichOneof("event")
    read = _READERS.get(which or "")
    return UnknownEvent(**base) if which is None or read is None else read(getattr(message, which), base)


def waiting_of(approval: Approval, child_run_id: str, base: Mapping[str, Any]) -> WaitingEvent:
    """The event of an approval that opened."""
    return WaitingEvent(
        run_id=base["run_id"],
        sequence=base["sequence"],
        at=base["at"],
        approval_id=approval.approval_id,
        kind=approval.kind,
        call_id=approval.call_id,
        tool_name=approval.tool_name,
        args=approval.arguments,
        arguments_json=approval.arguments_json,
        arguments_digest=approval.arguments_digest,
        approval=approval,
        child_run_id=child_run_id,
    )


def _waiting(message: event_pb2.Waiting, base: Mapping[str, Any]) -> RunEvent:
    if not message.HasField("approval"):
        return UnknownEvent(**base)
    return waiting_of(approval_of(message.approval), message.child_run_id, base)


# Fields that are read otherwise than they stand in the message.
_Read = Callable[[Any], Any]


def _date(field: str) -> _Read:
    return lambda message: date_of(message, field)


def _set(field: str, read: Callable[[Any], Any]) -> _Read:
    return lambda message: read(getattr(message, field)) if message.HasField(field) else None


def _purpose(message: Any) -> Any:
    return name_of(event_pb2.PreviewPurpose, message.purpose, "PREVIEW_PURPOSE_")


def _status(message: Any) -> Any:
    return name_of(approval_pb2.PreviewStatus, message.status, "PREVIEW_STATUS_")


def _reader(kind: type, names: str, **read: _Read) -> Callable[[Any, Mapping[str, Any]], RunEvent]:
    """Reads the fields of those names as they stand, and the others as it is said."""

    def from_message(message: Any, base: Mapping[str, Any]) -> Any:
        plain = {name: getattr(message, name) for name in names.split()}
        return kind(**base, **plain, **{name: how(message) for name, how in read.items()})

    return from_message


_READERS: dict[str, Callable[[Any, Mapping[str, Any]], RunEvent]] = {
    "run_started": _reader(
        run_event.RunStartedEvent,
        "agent_name agent_version input started_by on_behalf_of",
        labels=lambda message: dict(message.labels),
    ),
    "model_replied": _reader(
        run_event.ModelRepliedEvent,
        "turn attempt text finish_reason",
        call_ids=lambda message: tuple(message.call_ids),
        usage=lambda message: usage_of(message.usage),
    ),
    "tool_call": _reader(
        call_event.ToolCallEvent,
        "call_id tool_name arguments_json arguments_digest approval_required refused_arguments",
        args=lambda message: read_json_object(message.arguments_json),
        refused=lambda message: message.refused or None,
    ),
    "tool_started": _reader(call_event.ToolStartedEvent, "call_id tool_name attempt worker_id checked_preview"),
    "tool_result": _reader(
        call_event.ToolResultEvent, "call_id tool_name attempt by_probe error_reason", outcome=call_outcome_of
    ),
    "probing": _reader(
        call_event.ProbingEvent,
        "call_id tool_name",
        unknown_outcome=_set("unknown_outcome", unknown_outcome_of),
        until=_date("until"),
    ),
    "probe_answered": _reader(
        call_event.ProbeAnsweredEvent,
        "call_id tool_name attempt detail worker_id runs_again",
        verdict=lambda message: verdict_of(message.verdict),
    ),
    "preview_asked": _reader(
        call_event.PreviewAskedEvent,
        "approval_id call_id tool_name number worker_id",
        purpose=_purpose,
        until=_date("until"),
    ),
    "preview_taken": _reader(
        call_event.PreviewTakenEvent,
        "approval_id call_id tool_name number worker_id content_json fingerprint detail drifted",
        purpose=_purpose,
        status=_status,
    ),
    "check_wanted": _reader(call_event.CheckWantedEvent, "approval_id call_id tool_name"),
    "waiting": _waiting,
    "voted": _reader(
        run_event.VotedEvent, "approval_id call_id decision_id edited_arguments_json", vote=_set("vote", vote_of)
    ),
    "decided": _reader(run_event.DecidedEvent, "call_id child_run_id", decision=_set("decision", decision_of)),
    "checkpoint_closed": _reader(run_event.CheckpointClosedEvent, "approval_id call_id why child_run_id"),
    "child_started": _reader(call_event.ChildStartedEvent, "call_id child_run_id agent_name agent_version"),
    "child_reported": _reader(call_event.ChildReportedEvent, "call_id child_run_id waiting"),
    "escalated": _reader(
        run_event.EscalatedEvent,
        "approval_id call_id",
        approvers=_set("approvers", approvers_of),
        expires_at=_date("expires_at"),
    ),
    "reminded": _reader(run_event.RemindedEvent, "approval_id call_id number"),
    "paused": _reader(run_event.PausedEvent, "by reason"),
    "resumed": _reader(run_event.ResumedEvent, "by"),
    "warning": _reader(run_event.WarningEvent, "reason message"),
    "late_outcome": _reader(
        call_event.LateOutcomeEvent, "call_id tool_name attempt settles_approval_id", outcome=call_outcome_of
    ),
    "error": _reader(run_event.ErrorEvent, "reason message call_id attempt", retry_at=_date("retry_at")),
    "ending": _reader(run_event.EndingEvent, "reason", state=lambda message: run_state_of(message.state)),
    "done": _reader(run_event.DoneEvent, "output_json", output=lambda message: read_json_object(message.output_json)),
    "failed": _reader(run_event.FailedEvent, "", error=_set("error", run_error_of)),
    "cancelled": _reader(run_event.CancelledEvent, "reason by"),
    "timed_out": _reader(run_event.TimedOutEvent, "", error=_set("error", run_error_of)),
    "delta": _reader(run_event.DeltaEvent, "turn attempt text"),
}
