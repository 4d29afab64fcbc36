"""A run's events as a program reads them: `type` is the contract's name, and tells which fields there are."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, TypeAlias

from agentspan.agents.approval import Approval, ApprovalKind, Approvers, Decision, Vote
from agentspan.agents.call_event import (
    CheckWantedEvent,
    ChildReportedEvent,
    ChildStartedEvent,
    EventBase,
    LateOutcomeEvent,
    PreviewAskedEvent,
    PreviewTakenEvent,
    ProbeAnsweredEvent,
    ProbingEvent,
    ToolCallEvent,
    ToolResultEvent,
    ToolStartedEvent,
)
from agentspan.agents.decided_signal import Decided
from agentspan.agents.run_status import RunError, RunState, Usage


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
    #: What this vote put in place of the arguments; these run where others agree. Empty where it edited nothing.
    edited_arguments_json: str


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
