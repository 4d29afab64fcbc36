"""What happens to the calls of a run, as a program reads it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from agentspan.agents.approval import PreviewStatus, ProbeVerdict, UnknownOutcome
from agentspan.agents.call_outcome import CallOutcome

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
class LateOutcomeEvent(EventBase):
    """A worker's true outcome that came after the call had been settled otherwise."""

    type: Literal["late_outcome"] = "late_outcome"
    call_id: str
    tool_name: str
    attempt: int
    outcome: CallOutcome
    settles_approval_id: str
