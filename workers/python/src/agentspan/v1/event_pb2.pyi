import datetime

from agentspan.v1 import agent_pb2 as _agent_pb2
from agentspan.v1 import approval_pb2 as _approval_pb2
from agentspan.v1 import run_state_pb2 as _run_state_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class PreviewPurpose(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PREVIEW_PURPOSE_UNSPECIFIED: _ClassVar[PreviewPurpose]
    PREVIEW_PURPOSE_SHOWN: _ClassVar[PreviewPurpose]
    PREVIEW_PURPOSE_CHECKED: _ClassVar[PreviewPurpose]
PREVIEW_PURPOSE_UNSPECIFIED: PreviewPurpose
PREVIEW_PURPOSE_SHOWN: PreviewPurpose
PREVIEW_PURPOSE_CHECKED: PreviewPurpose

class Event(_message.Message):
    __slots__ = ("run_id", "sequence", "at", "run_started", "model_replied", "tool_call", "tool_started", "tool_result", "waiting", "voted", "decided", "checkpoint_closed", "paused", "resumed", "warning", "late_outcome", "error", "ending", "done", "failed", "cancelled", "timed_out", "probing", "probe_answered", "escalated", "reminded", "preview_asked", "preview_taken", "check_wanted", "child_started", "child_reported", "delta")
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    RUN_STARTED_FIELD_NUMBER: _ClassVar[int]
    MODEL_REPLIED_FIELD_NUMBER: _ClassVar[int]
    TOOL_CALL_FIELD_NUMBER: _ClassVar[int]
    TOOL_STARTED_FIELD_NUMBER: _ClassVar[int]
    TOOL_RESULT_FIELD_NUMBER: _ClassVar[int]
    WAITING_FIELD_NUMBER: _ClassVar[int]
    VOTED_FIELD_NUMBER: _ClassVar[int]
    DECIDED_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINT_CLOSED_FIELD_NUMBER: _ClassVar[int]
    PAUSED_FIELD_NUMBER: _ClassVar[int]
    RESUMED_FIELD_NUMBER: _ClassVar[int]
    WARNING_FIELD_NUMBER: _ClassVar[int]
    LATE_OUTCOME_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    ENDING_FIELD_NUMBER: _ClassVar[int]
    DONE_FIELD_NUMBER: _ClassVar[int]
    FAILED_FIELD_NUMBER: _ClassVar[int]
    CANCELLED_FIELD_NUMBER: _ClassVar[int]
    TIMED_OUT_FIELD_NUMBER: _ClassVar[int]
    PROBING_FIELD_NUMBER: _ClassVar[int]
    PROBE_ANSWERED_FIELD_NUMBER: _ClassVar[int]
    ESCALATED_FIELD_NUMBER: _ClassVar[int]
    REMINDED_FIELD_NUMBER: _ClassVar[int]
    PREVIEW_ASKED_FIELD_NUMBER: _ClassVar[int]
    PREVIEW_TAKEN_FIELD_NUMBER: _ClassVar[int]
    CHECK_WANTED_FIELD_NUMBER: _ClassVar[int]
    CHILD_STARTED_FIELD_NUMBER: _ClassVar[int]
    CHILD_REPORTED_FIELD_NUMBER: _ClassVar[int]
    DELTA_FIELD_NUMBER: _ClassVar[int]
    run_id: str
    sequence: int
    at: _timestamp_pb2.Timestamp
    run_started: RunStarted
    model_replied: ModelReplied
    tool_call: ToolCall
    tool_started: ToolStarted
    tool_result: ToolResult
    waiting: Waiting
    voted: Voted
    decided: Decided
    checkpoint_closed: CheckpointClosed
    paused: Paused
    resumed: Resumed
    warning: Warning
    late_outcome: LateOutcome
    error: Error
    ending: Ending
    done: Done
    failed: Failed
    cancelled: Cancelled
    timed_out: TimedOut
    probing: Probing
    probe_answered: ProbeAnswered
    escalated: Escalated
    reminded: Reminded
    preview_asked: PreviewAsked
    preview_taken: PreviewTaken
    check_wanted: CheckWanted
    child_started: ChildStarted
    child_reported: ChildReported
    delta: Delta
    def __init__(self, run_id: _Optional[str] = ..., sequence: _Optional[int] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., run_started: _Optional[_Union[RunStarted, _Mapping]] = ..., model_replied: _Optional[_Union[ModelReplied, _Mapping]] = ..., tool_call: _Optional[_Union[ToolCall, _Mapping]] = ..., tool_started: _Optional[_Union[ToolStarted, _Mapping]] = ..., tool_result: _Optional[_Union[ToolResult, _Mapping]] = ..., waiting: _Optional[_Union[Waiting, _Mapping]] = ..., voted: _Optional[_Union[Voted, _Mapping]] = ..., decided: _Optional[_Union[Decided, _Mapping]] = ..., checkpoint_closed: _Optional[_Union[CheckpointClosed, _Mapping]] = ..., paused: _Optional[_Union[Paused, _Mapping]] = ..., resumed: _Optional[_Union[Resumed, _Mapping]] = ..., warning: _Optional[_Union[Warning, _Mapping]] = ..., late_outcome: _Optional[_Union[LateOutcome, _Mapping]] = ..., error: _Optional[_Union[Error, _Mapping]] = ..., ending: _Optional[_Union[Ending, _Mapping]] = ..., done: _Optional[_Union[Done, _Mapping]] = ..., failed: _Optional[_Union[Failed, _Mapping]] = ..., cancelled: _Optional[_Union[Cancelled, _Mapping]] = ..., timed_out: _Optional[_Union[TimedOut, _Mapping]] = ..., probing: _Optional[_Union[Probing, _Mapping]] = ..., probe_answered: _Optional[_Union[ProbeAnswered, _Mapping]] = ..., escalated: _Optional[_Union[Escalated, _Mapping]] = ..., reminded: _Optional[_Union[Reminded, _Mapping]] = ..., preview_asked: _Optional[_Union[PreviewAsked, _Mapping]] = ..., preview_taken: _Optional[_Union[PreviewTaken, _Mapping]] = ..., check_wanted: _Optional[_Union[CheckWanted, _Mapping]] = ..., child_started: _Optional[_Union[ChildStarted, _Mapping]] = ..., child_reported: _Optional[_Union[ChildReported, _Mapping]] = ..., delta: _Optional[_Union[Delta, _Mapping]] = ...) -> None: ...

class Signature(_message.Message):
    __slots__ = ("key_id", "signature", "signed_text")
    KEY_ID_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    SIGNED_TEXT_FIELD_NUMBER: _ClassVar[int]
    key_id: str
    signature: bytes
    signed_text: str
    def __init__(self, key_id: _Optional[str] = ..., signature: _Optional[bytes] = ..., signed_text: _Optional[str] = ...) -> None: ...

class RunStarted(_message.Message):
    __slots__ = ("agent_name", "agent_version", "input", "started_by", "on_behalf_of", "labels", "signature")
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    AGENT_NAME_FIELD_NUMBER: _ClassVar[int]
    AGENT_VERSION_FIELD_NUMBER: _ClassVar[int]
    INPUT_FIELD_NUMBER: _ClassVar[int]
    STARTED_BY_FIELD_NUMBER: _ClassVar[int]
    ON_BEHALF_OF_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    agent_name: str
    agent_version: str
    input: str
    started_by: str
    on_behalf_of: str
    labels: _containers.ScalarMap[str, str]
    signature: Signature
    def __init__(self, agent_name: _Optional[str] = ..., agent_version: _Optional[str] = ..., input: _Optional[str] = ..., started_by: _Optional[str] = ..., on_behalf_of: _Optional[str] = ..., labels: _Optional[_Mapping[str, str]] = ..., signature: _Optional[_Union[Signature, _Mapping]] = ...) -> None: ...

class ModelReplied(_message.Message):
    __slots__ = ("turn", "attempt", "text", "call_ids", "usage", "finish_reason")
    TURN_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    CALL_IDS_FIELD_NUMBER: _ClassVar[int]
    USAGE_FIELD_NUMBER: _ClassVar[int]
    FINISH_REASON_FIELD_NUMBER: _ClassVar[int]
    turn: int
    attempt: int
    text: str
    call_ids: _containers.RepeatedScalarFieldContainer[str]
    usage: _run_state_pb2.Usage
    finish_reason: str
    def __init__(self, turn: _Optional[int] = ..., attempt: _Optional[int] = ..., text: _Optional[str] = ..., call_ids: _Optional[_Iterable[str]] = ..., usage: _Optional[_Union[_run_state_pb2.Usage, _Mapping]] = ..., finish_reason: _Optional[str] = ...) -> None: ...

class ToolCall(_message.Message):
    __slots__ = ("call_id", "tool_name", "arguments_json", "arguments_digest", "approval_required", "refused", "refused_arguments")
    CALL_ID_FIELD_NUMBER: _ClassVar[int]
    TOOL_NAME_FIELD_NUMBER: _ClassVar[int]
    ARGUMENTS_JSON_FIELD_NUMBER: _ClassVar[int]
    ARGUMENTS_DIGEST_FIELD_NUMBER: _ClassVar[int]
    APPROVAL_REQUIRED_FIELD_NUMBER: _ClassVar[int]
    REFUSED_FIELD_NUMBER: _ClassVar[int]
    REFUSED_ARGUMENTS_FIELD_NUMBER: _ClassVar[int]
    call_id: str
    tool_name: str
    arguments_json: str
    arguments_digest: str
    approval_required: bool
    refused: str
    refused_arguments: str
    def __init__(self, call_id: _Optional[str] = ..., tool_name: _Optional[str] = ..., arguments_json: _Optional[str] = ..., arguments_digest: _Optional[str] = ..., approval_required: bool = ..., refused: _Optional[str] = ..., refused_arguments: _Optional[str] = ...) -> None: ...

class ToolStarted(_message.Message):
    __slots__ = ("call_id", "tool_name", "attempt", "worker_id", "grant", "checked_preview")
    CALL_ID_FIELD_NUMBER: _ClassVar[int]
    TOOL_NAME_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    WORKER_ID_FIELD_NUMBER: _ClassVar[int]
    GRANT_FIELD_NUMBER: _ClassVar[int]
    CHECKED_PREVIEW_FIELD_NUMBER: _ClassVar[int]
    call_id: str
    tool_name: str
    attempt: int
    worker_id: str
    grant: Signature
    checked_preview: str
    def __init__(self, call_id: _Optional[str] = ..., tool_name: _Optional[str] = ..., attempt: _Optional[int] = ..., worker_id: _Optional[str] = ..., grant: _Optional[_Union[Signature, _Mapping]] = ..., checked_preview: _Optional[str] = ...) -> None: ...

class ToolResult(_message.Message):
    __slots__ = ("call_id", "tool_name", "attempt", "result_json", "error", "rejected", "responded_json", "cancelled", "truncated", "by_probe", "signature", "error_reason")
    CALL_ID_FIELD_NUMBER: _ClassVar[int]
    TOOL_NAME_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    RESULT_JSON_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    REJECTED_FIELD_NUMBER: _ClassVar[int]
    RESPONDED_JSON_FIELD_NUMBER: _ClassVar[int]
    CANCELLED_FIELD_NUMBER: _ClassVar[int]
    TRUNCATED_FIELD_NUMBER: _ClassVar[int]
    BY_PROBE_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    ERROR_REASON_FIELD_NUMBER: _ClassVar[int]
    call_id: str
    tool_name: str
    attempt: int
    result_json: str
    error: str
    rejected: str
    responded_json: str
    cancelled: str
    truncated: TruncatedResult
    by_probe: bool
    signature: Signature
    error_reason: str
    def __init__(self, call_id: _Optional[str] = ..., tool_name: _Optional[str] = ..., attempt: _Optional[int] = ..., result_json: _Optional[str] = ..., error: _Optional[str] = ..., rejected: _Optional[str] = ..., responded_json: _Optional[str] = ..., cancelled: _Optional[str] = ..., truncated: _Optional[_Union[TruncatedResult, _Mapping]] = ..., by_probe: bool = ..., signature: _Optional[_Union[Signature, _Mapping]] = ..., error_reason: _Optional[str] = ...) -> None: ...

class TruncatedResult(_message.Message):
    __slots__ = ("digest", "size_bytes", "head")
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    HEAD_FIELD_NUMBER: _ClassVar[int]
    digest: str
    size_bytes: int
    head: str
    def __init__(self, digest: _Optional[str] = ..., size_bytes: _Optional[int] = ..., head: _Optional[str] = ...) -> None: ...

class Waiting(_message.Message):
    __slots__ = ("approval", "call_id", "child_run_id")
    APPROVAL_FIELD_NUMBER: _ClassVar[int]
    CALL_ID_FIELD_NUMBER: _ClassVar[int]
    CHILD_RUN_ID_FIELD_NUMBER: _ClassVar[int]
    approval: _approval_pb2.Approval
    call_id: str
    child_run_id: str
    def __init__(self, approval: _Optional[_Union[_approval_pb2.Approval, _Mapping]] = ..., call_id: _Optional[str] = ..., child_run_id: _Optional[str] = ...) -> None: ...

class Voted(_message.Message):
    __slots__ = ("approval_id", "call_id", "decision_id", "vote", "signature", "edited_arguments_json")
    APPROVAL_ID_FIELD_NUMBER: _ClassVar[int]
    CALL_ID_FIELD_NUMBER: _ClassVar[int]
    DECISION_ID_FIELD_NUMBER: _ClassVar[int]
    VOTE_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    EDITED_ARGUMENTS_JSON_FIELD_NUMBER: _ClassVar[int]
    approval_id: str
    call_id: str
    decision_id: str
    vote: _approval_pb2.Vote
    signature: Signature
    edited_arguments_json: str
    def __init__(self, approval_id: _Optional[str] = ..., call_id: _Optional[str] = ..., decision_id: _Optional[str] = ..., vote: _Optional[_Union[_approval_pb2.Vote, _Mapping]] = ..., signature: _Optional[_Union[Signature, _Mapping]] = ..., edited_arguments_json: _Optional[str] = ...) -> None: ...

class Decided(_message.Message):
    __slots__ = ("call_id", "decision", "signature", "child_run_id")
    CALL_ID_FIELD_NUMBER: _ClassVar[int]
    DECISION_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    CHILD_RUN_ID_FIELD_NUMBER: _ClassVar[int]
    call_id: str
    decision: _approval_pb2.Decision
    signature: Signature
    child_run_id: str
    def __init__(self, call_id: _Optional[str] = ..., decision: _Optional[_Union[_approval_pb2.Decision, _Mapping]] = ..., signature: _Optional[_Union[Signature, _Mapping]] = ..., child_run_id: _Optional[str] = ...) -> None: ...

class CheckpointClosed(_message.Message):
    __slots__ = ("approval_id", "call_id", "why", "child_run_id")
    APPROVAL_ID_FIELD_NUMBER: _ClassVar[int]
    CALL_ID_FIELD_NUMBER: _ClassVar[int]
    WHY_FIELD_NUMBER: _ClassVar[int]
    CHILD_RUN_ID_FIELD_NUMBER: _ClassVar[int]
    approval_id: str
    call_id: str
    why: str
    child_run_id: str
    def __init__(self, approval_id: _Optional[str] = ..., call_id: _Optional[str] = ..., why: _Optional[str] = ..., child_run_id: _Optional[str] = ...) -> None: ...

class ChildStarted(_message.Message):
    __slots__ = ("call_id", "child_run_id", "agent_name", "agent_version")
    CALL_ID_FIELD_NUMBER: _ClassVar[int]
    CHILD_RUN_ID_FIELD_NUMBER: _ClassVar[int]
    AGENT_NAME_FIELD_NUMBER: _ClassVar[int]
    AGENT_VERSION_FIELD_NUMBER: _ClassVar[int]
    call_id: str
    child_run_id: str
    agent_name: str
    agent_version: str
    def __init__(self, call_id: _Optional[str] = ..., child_run_id: _Optional[str] = ..., agent_name: _Optional[str] = ..., agent_version: _Optional[str] = ...) -> None: ...

class ChildReported(_message.Message):
    __slots__ = ("call_id", "child_run_id", "waiting")
    CALL_ID_FIELD_NUMBER: _ClassVar[int]
    CHILD_RUN_ID_FIELD_NUMBER: _ClassVar[int]
    WAITING_FIELD_NUMBER: _ClassVar[int]
    call_id: str
    child_run_id: str
    waiting: bool
    def __init__(self, call_id: _Optional[str] = ..., child_run_id: _Optional[str] = ..., waiting: bool = ...) -> None: ...

class Escalated(_message.Message):
    __slots__ = ("approval_id", "call_id", "approvers", "expires_at")
    APPROVAL_ID_FIELD_NUMBER: _ClassVar[int]
    CALL_ID_FIELD_NUMBER: _ClassVar[int]
    APPROVERS_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    approval_id: str
    call_id: str
    approvers: _agent_pb2.Approvers
    expires_at: _timestamp_pb2.Timestamp
    def __init__(self, approval_id: _Optional[str] = ..., call_id: _Optional[str] = ..., approvers: _Optional[_Union[_agent_pb2.Approvers, _Mapping]] = ..., expires_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class Reminded(_message.Message):
    __slots__ = ("approval_id", "call_id", "number")
    APPROVAL_ID_FIELD_NUMBER: _ClassVar[int]
    CALL_ID_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    approval_id: str
    call_id: str
    number: int
    def __init__(self, approval_id: _Optional[str] = ..., call_id: _Optional[str] = ..., number: _Optional[int] = ...) -> None: ...

class Paused(_message.Message):
    __slots__ = ("by", "reason")
    BY_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    by: str
    reason: str
    def __init__(self, by: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class Resumed(_message.Message):
    __slots__ = ("by",)
    BY_FIELD_NUMBER: _ClassVar[int]
    by: str
    def __init__(self, by: _Optional[str] = ...) -> None: ...

class Warning(_message.Message):
    __slots__ = ("reason", "message")
    REASON_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    reason: str
    message: str
    def __init__(self, reason: _Optional[str] = ..., message: _Optional[str] = ...) -> None: ...

class LateOutcome(_message.Message):
    __slots__ = ("call_id", "tool_name", "attempt", "result_json", "error", "truncated", "settles_approval_id")
    CALL_ID_FIELD_NUMBER: _ClassVar[int]
    TOOL_NAME_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    RESULT_JSON_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    TRUNCATED_FIELD_NUMBER: _ClassVar[int]
    SETTLES_APPROVAL_ID_FIELD_NUMBER: _ClassVar[int]
    call_id: str
    tool_name: str
    attempt: int
    result_json: str
    error: str
    truncated: TruncatedResult
    settles_approval_id: str
    def __init__(self, call_id: _Optional[str] = ..., tool_name: _Optional[str] = ..., attempt: _Optional[int] = ..., result_json: _Optional[str] = ..., error: _Optional[str] = ..., truncated: _Optional[_Union[TruncatedResult, _Mapping]] = ..., settles_approval_id: _Optional[str] = ...) -> None: ...

class Probing(_message.Message):
    __slots__ = ("call_id", "tool_name", "unknown_outcome", "until")
    CALL_ID_FIELD_NUMBER: _ClassVar[int]
    TOOL_NAME_FIELD_NUMBER: _ClassVar[int]
    UNKNOWN_OUTCOME_FIELD_NUMBER: _ClassVar[int]
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    call_id: str
    tool_name: str
    unknown_outcome: _approval_pb2.UnknownOutcome
    until: _timestamp_pb2.Timestamp
    def __init__(self, call_id: _Optional[str] = ..., tool_name: _Optional[str] = ..., unknown_outcome: _Optional[_Union[_approval_pb2.UnknownOutcome, _Mapping]] = ..., until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ProbeAnswered(_message.Message):
    __slots__ = ("call_id", "tool_name", "attempt", "verdict", "detail", "worker_id", "runs_again")
    CALL_ID_FIELD_NUMBER: _ClassVar[int]
    TOOL_NAME_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    VERDICT_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    WORKER_ID_FIELD_NUMBER: _ClassVar[int]
    RUNS_AGAIN_FIELD_NUMBER: _ClassVar[int]
    call_id: str
    tool_name: str
    attempt: int
    verdict: _approval_pb2.ProbeVerdict
    detail: str
    worker_id: str
    runs_again: bool
    def __init__(self, call_id: _Optional[str] = ..., tool_name: _Optional[str] = ..., attempt: _Optional[int] = ..., verdict: _Optional[_Union[_approval_pb2.ProbeVerdict, str]] = ..., detail: _Optional[str] = ..., worker_id: _Optional[str] = ..., runs_again: bool = ...) -> None: ...

class PreviewAsked(_message.Message):
    __slots__ = ("approval_id", "call_id", "tool_name", "purpose", "number", "worker_id", "until")
    APPROVAL_ID_FIELD_NUMBER: _ClassVar[int]
    CALL_ID_FIELD_NUMBER: _ClassVar[int]
    TOOL_NAME_FIELD_NUMBER: _ClassVar[int]
    PURPOSE_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    WORKER_ID_FIELD_NUMBER: _ClassVar[int]
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    approval_id: str
    call_id: str
    tool_name: str
    purpose: PreviewPurpose
    number: int
    worker_id: str
    until: _timestamp_pb2.Timestamp
    def __init__(self, approval_id: _Optional[str] = ..., call_id: _Optional[str] = ..., tool_name: _Optional[str] = ..., purpose: _Optional[_Union[PreviewPurpose, str]] = ..., number: _Optional[int] = ..., worker_id: _Optional[str] = ..., until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class PreviewTaken(_message.Message):
    __slots__ = ("approval_id", "call_id", "tool_name", "purpose", "number", "worker_id", "status", "content_json", "fingerprint", "detail", "drifted")
    APPROVAL_ID_FIELD_NUMBER: _ClassVar[int]
    CALL_ID_FIELD_NUMBER: _ClassVar[int]
    TOOL_NAME_FIELD_NUMBER: _ClassVar[int]
    PURPOSE_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    WORKER_ID_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    CONTENT_JSON_FIELD_NUMBER: _ClassVar[int]
    FINGERPRINT_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    DRIFTED_FIELD_NUMBER: _ClassVar[int]
    approval_id: str
    call_id: str
    tool_name: str
    purpose: PreviewPurpose
    number: int
    worker_id: str
    status: _approval_pb2.PreviewStatus
    content_json: str
    fingerprint: str
    detail: str
    drifted: bool
    def __init__(self, approval_id: _Optional[str] = ..., call_id: _Optional[str] = ..., tool_name: _Optional[str] = ..., purpose: _Optional[_Union[PreviewPurpose, str]] = ..., number: _Optional[int] = ..., worker_id: _Optional[str] = ..., status: _Optional[_Union[_approval_pb2.PreviewStatus, str]] = ..., content_json: _Optional[str] = ..., fingerprint: _Optional[str] = ..., detail: _Optional[str] = ..., drifted: bool = ...) -> None: ...

class CheckWanted(_message.Message):
    __slots__ = ("approval_id", "call_id", "tool_name")
    APPROVAL_ID_FIELD_NUMBER: _ClassVar[int]
    CALL_ID_FIELD_NUMBER: _ClassVar[int]
    TOOL_NAME_FIELD_NUMBER: _ClassVar[int]
    approval_id: str
    call_id: str
    tool_name: str
    def __init__(self, approval_id: _Optional[str] = ..., call_id: _Optional[str] = ..., tool_name: _Optional[str] = ...) -> None: ...

class Error(_message.Message):
    __slots__ = ("reason", "message", "call_id", "attempt", "retry_at")
    REASON_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    CALL_ID_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    RETRY_AT_FIELD_NUMBER: _ClassVar[int]
    reason: str
    message: str
    call_id: str
    attempt: int
    retry_at: _timestamp_pb2.Timestamp
    def __init__(self, reason: _Optional[str] = ..., message: _Optional[str] = ..., call_id: _Optional[str] = ..., attempt: _Optional[int] = ..., retry_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class Ending(_message.Message):
    __slots__ = ("state", "reason")
    STATE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    state: _run_state_pb2.RunState
    reason: str
    def __init__(self, state: _Optional[_Union[_run_state_pb2.RunState, str]] = ..., reason: _Optional[str] = ...) -> None: ...

class Done(_message.Message):
    __slots__ = ("output_json",)
    OUTPUT_JSON_FIELD_NUMBER: _ClassVar[int]
    output_json: str
    def __init__(self, output_json: _Optional[str] = ...) -> None: ...

class Failed(_message.Message):
    __slots__ = ("error",)
    ERROR_FIELD_NUMBER: _ClassVar[int]
    error: _run_state_pb2.RunError
    def __init__(self, error: _Optional[_Union[_run_state_pb2.RunError, _Mapping]] = ...) -> None: ...

class Cancelled(_message.Message):
    __slots__ = ("reason", "by")
    REASON_FIELD_NUMBER: _ClassVar[int]
    BY_FIELD_NUMBER: _ClassVar[int]
    reason: str
    by: str
    def __init__(self, reason: _Optional[str] = ..., by: _Optional[str] = ...) -> None: ...

class TimedOut(_message.Message):
    __slots__ = ("error",)
    ERROR_FIELD_NUMBER: _ClassVar[int]
    error: _run_state_pb2.RunError
    def __init__(self, error: _Optional[_Union[_run_state_pb2.RunError, _Mapping]] = ...) -> None: ...

class Delta(_message.Message):
    __slots__ = ("turn", "attempt", "text")
    TURN_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    turn: int
    attempt: int
    text: str
    def __init__(self, turn: _Optional[int] = ..., attempt: _Optional[int] = ..., text: _Optional[str] = ...) -> None: ...
