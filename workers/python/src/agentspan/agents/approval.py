"""Points where a run waits for a person, and what people said."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, Literal

from google.protobuf.timestamp_pb2 import Timestamp

from agentspan.agents.json_text import read_json, read_json_object
from agentspan.v1 import agent_pb2, approval_pb2

ApprovalKind = Literal["APPROVAL", "QUESTION", "SETTLEMENT", "UNSPECIFIED"]
"""APPROVAL: may this tool run? QUESTION: what is the answer? SETTLEMENT: did this tool's effect happen?"""

DecisionOutcome = Literal["APPROVED", "REJECTED", "RESPONDED", "HAPPENED", "RUN_AGAIN", "GIVEN_UP", "UNSPECIFIED"]

PreviewStatus = Literal["PENDING", "SHOWN", "FAILED", "UNSPECIFIED"]
"""PENDING: it is being taken, and whoever decides now decides without it. SHOWN: here it is. FAILED: there is none.
Only what was SHOWN is compared before the call runs."""

ProbeVerdict = Literal["HAPPENED", "DID_NOT_HAPPEN", "UNKNOWN", "NO_ANSWER", "UNSPECIFIED"]
"""HAPPENED: the effect happened. DID_NOT_HAPPEN: it did not by the time that the probe looked. UNKNOWN: the probe
cannot tell. NO_ANSWER: it was asked, and nobody answered in time."""


@dataclass(frozen=True)
class Approvers:
    """Who may decide."""

    users: tuple[str, ...]
    groups: tuple[str, ...]


@dataclass(frozen=True)
class Preview:
    """What a call would do, as its tool sees it without doing it."""

    status: PreviewStatus
    #: A reading of content_json: a text, {"before", "after"}, or whatever else is shown; None where there is none.
    content: Any
    content_json: str
    #: "sha256:" and the hash of the fields that must be the same when the call runs.
    fingerprint: str
    taken_at: datetime | None
    #: Why it failed; else empty.
    detail: str
    #: What was shown when the call was approved before, and had changed, or could not be seen, when it was to run.
    previous: Preview | None
    #: What must be the same, as paths; all of it where empty.
    fields: tuple[str, ...]


@dataclass(frozen=True)
class ProbeFinding:
    """What a tool's probe said."""

    verdict: ProbeVerdict
    #: The probe's own words.
    detail: str


@dataclass(frozen=True)
class UnknownOutcome:
    """What is known of an attempt whose outcome is not."""

    attempt: int
    worker_id: str
    granted_at: datetime | None
    #: LEASE_ENDED, DISOWNED or TIMED_OUT.
    cause: str
    idempotency_key: str
    #: When that worker's process last showed life, by the store's clock; None where nobody knows.
    last_heartbeat_at: datetime | None
    #: What the tool's probe said; None where it was not asked.
    probe: ProbeFinding | None


@dataclass(frozen=True)
class GrantUse:
    """One use of a standing grant."""

    grant_id: str
    version: str
    use: int


@dataclass(frozen=True)
class Vote:
    """What one person said."""

    who: str
    at: datetime | None
    what: DecisionOutcome
    comment: str
    edited: bool
    #: For whom a delegate spoke, whose vote it is; else empty.
    on_behalf_of: str
    #: Of the preview that was shown; empty where none was.
    preview_fingerprint: str


@dataclass(frozen=True)
class Decision:
    """What closed a checkpoint, or would have with enough votes."""

    approval_id: str
    decision_id: str
    outcome: DecisionOutcome
    decided_by: str
    decided_at: datetime | None
    comment: str
    #: What this decision put in place of the arguments, and what ran; else empty. An earlier vote may have edited them.
    edited_arguments_json: str
    on_behalf_of: str
    #: The standing grant that decided, in its maker's name; None where a person did.
    ground: GrantUse | None
    #: Of the preview that was shown, of the arguments before an edit; empty where none was.
    preview_fingerprint: str


@dataclass(frozen=True)
class Approval:
    """A point where a run waits for a person."""

    approval_id: str
    kind: ApprovalKind
    run_id: str
    call_id: str
    agent_name: str
    tool_name: str
    #: A reading of arguments_json.
    arguments: dict[str, Any]
    #: The exact text that is shown, hashed and executed.
    arguments_json: str
    #: "sha256:" and the hash of that text.
    arguments_digest: str
    requested_at: datetime | None
    #: None where it never expires.
    expires_at: datetime | None
    updated_at: datetime | None
    #: To approve it or, of a settlement, to run it again: anything else takes one person.
    votes_required: int
    votes: tuple[Vote, ...]
    #: What the call would do; None where its tool does not say, or an edit closed it.
    preview: Preview | None
    #: Why it is gated, in words.
    reason: str
    #: On a SETTLEMENT: what is known of the attempt.
    unknown_outcome: UnknownOutcome | None
    #: Set once a person closed it.
    decision: Decision | None
    #: Who may decide; None where everybody may whom the server lets approve.
    approvers: Approvers | None
    #: When it went to others, since nobody had decided in time; None where it did not.
    escalated_at: datetime | None
    #: Of a QUESTION that was read with a status: what its answers must be. None where any JSON is one.
    answer_schema: dict[str, Any] | None
    #: Of a run that another one started: that one, and the first of them all; else empty.
    parent_run_id: str
    root_run_id: str


def date_of(message: Any, field: str) -> datetime | None:
    """A time of a message; None where it is not set."""
    if not message.HasField(field):
        return None
    stamp: Timestamp = getattr(message, field)
    return stamp.ToDatetime(timezone.utc)


def name_of(enum: Any, number: int, prefix: str) -> Any:
    """A value's name without its prefix. A newer server may send a number that this version has no name for."""
    return enum.Name(number).removeprefix(prefix) if number in enum.values() else "UNSPECIFIED"


def approval_of(message: approval_pb2.Approval) -> Approval:
    """Reads an approval of the contract."""
    unknown = message.unknown_outcome if message.HasField("unknown_outcome") else None
    return Approval(
        approval_id=message.approval_id,
        kind=name_of(approval_pb2.ApprovalKind, message.kind, "APPROVAL_KIND_"),
        run_id=message.run_id,
        call_id=message.call_id,
        agent_name=message.agent_name,
        tool_name=message.tool_name,
        arguments=read_json_object(message.arguments_json),
        arguments_json=message.arguments_json,
        arguments_digest=message.arguments_digest,
        requested_at=date_of(message, "requested_at"),
        expires_at=date_of(message, "expires_at"),
        updated_at=date_of(message, "updated_at"),
        votes_required=message.votes_required,
        votes=tuple(map(vote_of, message.votes)),
        preview=preview_of(message.preview) if message.HasField("preview") else None,
        reason=message.reason,
        unknown_outcome=None if unknown is None else unknown_outcome_of(unknown),
        decision=decision_of(message.decision) if message.HasField("decision") else None,
        approvers=approvers_of(message.approvers) if message.HasField("approvers") else None,
        escalated_at=date_of(message, "escalated_at"),
        answer_schema=read_json_object(message.answer_schema_json) if message.answer_schema_json else None,
        parent_run_id=message.parent_run_id,
        root_run_id=message.root_run_id,
    )


def preview_of(message: approval_pb2.Preview) -> Preview:
    """Reads a preview of the contract."""
    return Preview(
        status=name_of(approval_pb2.PreviewStatus, message.status, "PREVIEW_STATUS_"),
        content=read_json(message.content_json),
        content_json=message.content_json,
        fingerprint=message.fingerprint,
        taken_at=date_of(message, "taken_at"),
        detail=message.detail,
        previous=preview_of(message.previous) if message.HasField("previous") else None,
        fields=tuple(message.fields),
    )


def approvers_of(message: agent_pb2.Approvers) -> Approvers:
    """Reads approvers of the contract."""
    return Approvers(tuple(message.users), tuple(message.groups))


def unknown_outcome_of(message: approval_pb2.UnknownOutcome) -> UnknownOutcome:
    """Reads what is known of an attempt."""
    verdict = verdict_of(message.probe_verdict)
    return UnknownOutcome(
        attempt=message.attempt,
        worker_id=message.worker_id,
        granted_at=date_of(message, "granted_at"),
        cause=message.cause,
        idempotency_key=message.idempotency_key,
        last_heartbeat_at=date_of(message, "last_heartbeat_at"),
        probe=ProbeFinding(verdict, message.probe_detail) if message.probe_verdict else None,
    )


def verdict_of(number: int) -> ProbeVerdict:
    """The name of a probe's verdict."""
    verdict: ProbeVerdict = name_of(approval_pb2.ProbeVerdict, number, "PROBE_VERDICT_")
    return verdict


def vote_of(message: approval_pb2.Vote) -> Vote:
    """Reads a vote of the contract."""
    return Vote(
        who=message.who,
        at=date_of(message, "at"),
        what=name_of(approval_pb2.DecisionOutcome, message.what, "DECISION_OUTCOME_"),
        comment=message.comment,
        edited=message.edited,
        on_behalf_of=message.on_behalf_of,
        preview_fingerprint=message.preview_fingerprint,
    )


def decision_of(message: approval_pb2.Decision) -> Decision:
    """Reads a decision of the contract."""
    ground = message.ground if message.HasField("ground") else None
    return Decision(
        approval_id=message.approval_id,
        decision_id=message.decision_id,
        outcome=name_of(approval_pb2.DecisionOutcome, message.outcome, "DECISION_OUTCOME_"),
        decided_by=message.decided_by,
        decided_at=date_of(message, "decided_at"),
        comment=message.comment,
        edited_arguments_json=message.edited_arguments_json,
        on_behalf_of=message.on_behalf_of,
        ground=None if ground is None else GrantUse(ground.grant_id, ground.version, ground.use),
        preview_fingerprint=message.preview_fingerprint,
    )
