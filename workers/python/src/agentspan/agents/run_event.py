"""A run's events as a program reads them: `type` is the contract's name, and tells which fields there are."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, TypeAlias

from agentspan.agents.approval import (
    Approval,
    ApprovalKind,
    Approvers,
    Decision,
    PreviewStatus,
    ProbeVerdict,
    UnknownOutcome,
    Vote,
)
from agentspan.agents.call_outcome import CallOutcome
from agentspan.agents.decided_signal import Decided
from agentspan.agents.run_status import RunError, RunState, Usage

PreviewPurpose = Literal["SHOWN", "CHECKED", "UNSPECIFIED"]
"""SHOWN: for whoever decides. CHECKED: right before the call runs, to be compared with what was shown."""


@dataclass(frozen=True, kw_only=True)
class EventBase:
    """What every event has."""

    run_id: str
    #: From 1, without gaps; 0 on a delta, which is not stored.
    sequence: int
    at: datetime | None


@dataclass(frozen=True, kw_only=True)
class RunStartedEvent(EventBase):
    type: Literal["run_started"] = "run_started"
    agent_name: str
    agent_version: str
    input: str
    started_by: str
    on_behalf_of: str
    labels: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class ModelRepliedEvent(EventBase):
    type: Literal["model_replied"] = "model_replied"
    turn: int
    attempt: int
    text: str
    call_ids: tuple[str, ...]
    usage: Usage
    finish_reason: str


@dataclass(frozen=True, kw_only=True)
class ToolCallEvent(EventBase):
    """The model asked for a tool; comes before the tool runs."""

    type: Literal["tool_call"] = "tool_call"
    call_id: str
    tool_name: str
    #: A reading of arguments_json; empty where the call was refused.
    args: dict[str, Any]
    #: The exact text; empty where the model's text was refused.
    arguments_json: str
    arguments_digest: str
    approval_required: bool
    #: Why the call was refused; None where it was not.
    refused: str | None
    #: What the model wrote, where it was refused.
    refused_arguments: str


@dataclass(frozen=True, kw_only=True)
class ToolStartedEvent(EventBase):
    """A worker has the call."""

    type: Literal["tool_started"] = "tool_started"
    call_id: str
    tool_name: str
    attempt: int
    worker_id: str
    #: The fingerprint of what it would do, compared right before; empty where nothing was compared.
    checked_preview: str


@dataclass(frozen=True, kw_only=True)
class ToolResultEvent(EventBase):
    type: Literal["tool_result"] = "tool_result"
    call_id: str
    tool_name: str
    attempt: int
    outcome: CallOutcome
    #: The tool's probe found it out: the worker that ran it had been lost.
    by_probe: bool
    #: PREVIEW_UNSTABLE where what it would do changed three times after it was approved; empty otherwise.
    error_reason: str


@dataclass(frozen=True, kw_only=True)
class ProbingEvent(EventBase):
    """Nobody knows whether a guarded call took effect: its tool's probe is asked, and after that a person."""

    type: Literal["probing"] = "probing"
    call_id: str
    tool_name: str
    unknown_outcome: UnknownOutcome | None
    #: When a settlement opens instead.
    until: datetime | None


@dataclass(frozen=True, kw_only=True)
class ProbeAnsweredEvent(EventBase):
    type: Literal["probe_answered"] = "probe_answered"
    call_id: str
    tool_name: str
    attempt: int
    verdict: ProbeVerdict
    #: The probe's own words.
    detail: str
    worker_id: str
    #: It did not happen, and the call runs again by itself.
    runs_again: bool


@dataclass(frozen=True, kw_only=True)
class PreviewAskedEvent(EventBase):
    """A worker looks at what a call would do."""

    type: Literal["preview_asked"] = "preview_asked"
    approval_id: str
    call_id: str
    tool_name: str
    purpose: PreviewPurpose
    #: Of the call's previews, from 1.
    number: int
    worker_id: str
    #: When it counts as failed.
    until: datetime | None


@dataclass(frozen=True, kw_only=True)
class PreviewTakenEvent(EventBase):
    type: Literal["preview_taken"] = "preview_taken"
    approval_id: str
    call_id: str
    tool_name: str
    purpose: PreviewPurpose
    number: int
    #: Empty where nobody answered in time.
    worker_id: str
    #: SHOWN, also of a comparison, or FAILED.
    status: PreviewStatus
    content_json: str
    fingerprint: str
    detail: str
    #: Of a comparison: it is not what was approved, and people are asked again.
    drifted: bool


@dataclass(frozen=True, kw_only=True)
class CheckWantedEvent(EventBase):
    """What a call would do was looked at too long ago to begin on, and is looked at again."""

    type: Literal["check_wanted"] = "check_wanted"
    approval_id: str
    call_id: str
    tool_name: str


@dataclass(frozen=True, kw_only=True)
class WaitingEvent(EventBase):
    """The run waits for a person."""

    type: Literal["waiting"] = "waiting"
    approval_id: str
    kind: ApprovalKind
    call_id: str
    tool_name: str
    args: dict[str, Any]
    arguments_json: str
    arguments_digest: str
    approval: Approval
    #: A run that this one started, where that has it or one of its own has; `approval.run_id` says whose it is.
    child_run_id: str
    _watch: Callable[[WaitingEvent], Decided] | None = field(default=None, repr=False, compare=False)

    @functools.cached_property
    def decided(self) -> Decided:
        """For what asks a person meanwhile: it is set when nobody needs to decide any more.

        Watching begins when this is first read. An event that no handle gave is never set.
        """
        return Decided() if self._watch is None else self._watch(self)


@dataclass(frozen=True, kw_only=True)
class VotedEvent(EventBase):
    type: Literal["voted"] = "voted"
    approval_id: str
    call_id: str
    decision_id: str
    vote: Vote | None


@dataclass(frozen=True, kw_only=True)
class DecidedEvent(EventBase):
    type: Literal["decided"] = "decided"
    call_id: str
    decision: Decision | None
    #: As in WaitingEvent.
    child_run_id: str


@dataclass(frozen=True, kw_only=True)
class CheckpointClosedEvent(EventBase):
    type: Literal["checkpoint_closed"] = "checkpoint_closed"
    approval_id: str
    call_id: str
    #: EXPIRED, CANCELLED or WITHDRAWN.
    why: str
    #: As in WaitingEvent.
    child_run_id: str


@dataclass(frozen=True, kw_only=True)
class ChildStartedEvent(EventBase):
    """The run that a call asked for has begun. Its events are its own."""

    type: Literal["child_started"] = "child_started"
    call_id: str
    child_run_id: str
    agent_name: str
    agent_version: str


@dataclass(frozen=True, kw_only=True)
class ChildReportedEvent(EventBase):
    """A run that this one started waits for people and nothing else from now on, or goes on."""

    type: Literal["child_reported"] = "child_reported"
    call_id: str
    child_run_id: str
    waiting: bool


@dataclass(frozen=True, kw_only=True)
class EscalatedEvent(EventBase):
    """Nobody decided in time, and others decide from now on."""

    type: Literal["escalated"] = "escalated"
    approval_id: str
    call_id: str
    approvers: Approvers | None
    expires_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class RemindedEvent(EventBase):
    """An approval or a settlement still waits; nothing of it has changed."""

    type: Literal["reminded"] = "reminded"
    approval_id: str
    call_id: str
    #: From 1.
    number: int


@dataclass(frozen=True, kw_only=True)
class PausedEvent(EventBase):
    type: Literal["paused"] = "paused"
    by: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class ResumedEvent(EventBase):
    type: Literal["resumed"] = "resumed"
    by: str


@dataclass(frozen=True, kw_only=True)
class WarningEvent(EventBase):
    type: Literal["warning"] = "warning"
    reason: str
    message: str


@dataclass(frozen=True, kw_only=True)
class LateOutcomeEvent(EventBase):
    """A worker's true outcome that came after the call had been settled otherwise."""

    type: Literal["late_outcome"] = "late_outcome"
    call_id: str
    tool_name: str
    attempt: int
    outcome: CallOutcome
    settles_approval_id: str


@dataclass(frozen=True, kw_only=True)
class ErrorEvent(EventBase):
    """A failed attempt of a model call or a tool, or a task handed back; the run goes on."""

    type: Literal["error"] = "error"
    reason: str
    message: str
    #: Empty where the model failed.
    call_id: str
    attempt: int
    retry_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class EndingEvent(EventBase):
    """The run is coming to its end and starts nothing new."""

    type: Literal["ending"] = "ending"
    state: RunState
    reason: str


@dataclass(frozen=True, kw_only=True)
class DoneEvent(EventBase):
    type: Literal["done"] = "done"
    output: dict[str, Any]
    output_json: str


@dataclass(frozen=True, kw_only=True)
class FailedEvent(EventBase):
    type: Literal["failed"] = "failed"
    error: RunError | None


@dataclass(frozen=True, kw_only=True)
class CancelledEvent(EventBase):
    type: Literal["cancelled"] = "cancelled"
    reason: str
    by: str


@dataclass(frozen=True, kw_only=True)
class TimedOutEvent(EventBase):
    type: Literal["timed_out"] = "timed_out"
    error: RunError | None


@dataclass(frozen=True, kw_only=True)
class DeltaEvent(EventBase):
    """A piece of the model's text as it comes, of one attempt; sent only where asked for."""

    type: Literal["delta"] = "delta"
    turn: int
    attempt: int
    text: str


@dataclass(frozen=True, kw_only=True)
class UnknownEvent(EventBase):
    """A kind of event that this version of the SDK has no name for."""

    type: Literal["unknown"] = "unknown"


RunEvent: TypeAlias = (
    RunStartedEvent
    | ModelRepliedEvent
    | ToolCallEvent
    | ToolStartedEvent
    | ToolResultEvent
    | ProbingEvent
    | ProbeAnsweredEvent
    | PreviewAskedEvent
    | PreviewTakenEvent
    | CheckWantedEvent
    | WaitingEvent
    | VotedEvent
    | DecidedEvent
    | CheckpointClosedEvent
    | ChildStartedEvent
    | ChildReportedEvent
    | EscalatedEvent
    | RemindedEvent
    | PausedEvent
    | ResumedEvent
    | WarningEvent
    | LateOutcomeEvent
    | ErrorEvent
    | EndingEvent
    | DoneEvent
    | FailedEvent
    | CancelledEvent
    | TimedOutEvent
    | DeltaEvent
    | UnknownEvent
)

TERMINAL: frozenset[str] = frozenset({"done", "failed", "cancelled", "timed_out"})
"""The types of events that end their run."""
