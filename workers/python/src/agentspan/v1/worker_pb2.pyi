import datetime

from agentspan.v1 import agent_pb2 as _agent_pb2
from agentspan.v1 import approval_pb2 as _approval_pb2
from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class RefusalReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    REFUSAL_REASON_UNSPECIFIED: _ClassVar[RefusalReason]
    REFUSAL_REASON_TAKEN: _ClassVar[RefusalReason]
    REFUSAL_REASON_ENDED: _ClassVar[RefusalReason]
    REFUSAL_REASON_CANCELLED: _ClassVar[RefusalReason]
    REFUSAL_REASON_PAUSED: _ClassVar[RefusalReason]
    REFUSAL_REASON_GATED: _ClassVar[RefusalReason]
    REFUSAL_REASON_NOT_FOUND: _ClassVar[RefusalReason]
    REFUSAL_REASON_PROBE: _ClassVar[RefusalReason]
    REFUSAL_REASON_PREVIEW: _ClassVar[RefusalReason]

class CompletionStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    COMPLETION_STATUS_UNSPECIFIED: _ClassVar[CompletionStatus]
    COMPLETION_STATUS_ACCEPTED: _ClassVar[CompletionStatus]
    COMPLETION_STATUS_STALE: _ClassVar[CompletionStatus]
    COMPLETION_STATUS_LATE: _ClassVar[CompletionStatus]

class ReleaseReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RELEASE_REASON_UNSPECIFIED: _ClassVar[ReleaseReason]
    RELEASE_REASON_SHUTTING_DOWN: _ClassVar[ReleaseReason]
    RELEASE_REASON_INCOMPATIBLE: _ClassVar[ReleaseReason]
    RELEASE_REASON_TOO_LATE: _ClassVar[ReleaseReason]
    RELEASE_REASON_NO_PROOF: _ClassVar[ReleaseReason]
REFUSAL_REASON_UNSPECIFIED: RefusalReason
REFUSAL_REASON_TAKEN: RefusalReason
REFUSAL_REASON_ENDED: RefusalReason
REFUSAL_REASON_CANCELLED: RefusalReason
REFUSAL_REASON_PAUSED: RefusalReason
REFUSAL_REASON_GATED: RefusalReason
REFUSAL_REASON_NOT_FOUND: RefusalReason
REFUSAL_REASON_PROBE: RefusalReason
REFUSAL_REASON_PREVIEW: RefusalReason
COMPLETION_STATUS_UNSPECIFIED: CompletionStatus
COMPLETION_STATUS_ACCEPTED: CompletionStatus
COMPLETION_STATUS_STALE: CompletionStatus
COMPLETION_STATUS_LATE: CompletionStatus
RELEASE_REASON_UNSPECIFIED: ReleaseReason
RELEASE_REASON_SHUTTING_DOWN: ReleaseReason
RELEASE_REASON_INCOMPATIBLE: ReleaseReason
RELEASE_REASON_TOO_LATE: ReleaseReason
RELEASE_REASON_NO_PROOF: ReleaseReason

class RegisterRequest(_message.Message):
    __slots__ = ("worker_id", "incarnation", "language", "sdk_version", "namespace", "tools", "permit")
    WORKER_ID_FIELD_NUMBER: _ClassVar[int]
    INCARNATION_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    SDK_VERSION_FIELD_NUMBER: _ClassVar[int]
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    TOOLS_FIELD_NUMBER: _ClassVar[int]
    PERMIT_FIELD_NUMBER: _ClassVar[int]
    worker_id: str
    incarnation: str
    language: str
    sdk_version: str
    namespace: str
    tools: _containers.RepeatedCompositeFieldContainer[WorkerTool]
    permit: WorkerPermit
    def __init__(self, worker_id: _Optional[str] = ..., incarnation: _Optional[str] = ..., language: _Optional[str] = ..., sdk_version: _Optional[str] = ..., namespace: _Optional[str] = ..., tools: _Optional[_Iterable[_Union[WorkerTool, _Mapping]]] = ..., permit: _Optional[_Union[WorkerPermit, _Mapping]] = ...) -> None: ...

class WorkerPermit(_message.Message):
    __slots__ = ("workers", "tools", "at", "until", "key_id", "signature")
    WORKERS_FIELD_NUMBER: _ClassVar[int]
    TOOLS_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    KEY_ID_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    workers: _containers.RepeatedScalarFieldContainer[str]
    tools: _containers.RepeatedCompositeFieldContainer[PermittedTool]
    at: _timestamp_pb2.Timestamp
    until: _timestamp_pb2.Timestamp
    key_id: str
    signature: bytes
    def __init__(self, workers: _Optional[_Iterable[str]] = ..., tools: _Optional[_Iterable[_Union[PermittedTool, _Mapping]]] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., key_id: _Optional[str] = ..., signature: _Optional[bytes] = ...) -> None: ...

class PermittedTool(_message.Message):
    __slots__ = ("namespace", "queue", "name")
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    QUEUE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    namespace: str
    queue: str
    name: str
    def __init__(self, namespace: _Optional[str] = ..., queue: _Optional[str] = ..., name: _Optional[str] = ...) -> None: ...

class WorkerTool(_message.Message):
    __slots__ = ("queue", "name", "input_schema_json", "approval_required", "once", "probe", "enforces_idempotency", "preview")
    QUEUE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    INPUT_SCHEMA_JSON_FIELD_NUMBER: _ClassVar[int]
    APPROVAL_REQUIRED_FIELD_NUMBER: _ClassVar[int]
    ONCE_FIELD_NUMBER: _ClassVar[int]
    PROBE_FIELD_NUMBER: _ClassVar[int]
    ENFORCES_IDEMPOTENCY_FIELD_NUMBER: _ClassVar[int]
    PREVIEW_FIELD_NUMBER: _ClassVar[int]
    queue: str
    name: str
    input_schema_json: str
    approval_required: bool
    once: bool
    probe: bool
    enforces_idempotency: bool
    preview: _agent_pb2.PreviewPolicy
    def __init__(self, queue: _Optional[str] = ..., name: _Optional[str] = ..., input_schema_json: _Optional[str] = ..., approval_required: bool = ..., once: bool = ..., probe: bool = ..., enforces_idempotency: bool = ..., preview: _Optional[_Union[_agent_pb2.PreviewPolicy, _Mapping]] = ...) -> None: ...

class RegisterResponse(_message.Message):
    __slots__ = ("error", "stream", "consumers", "lease", "heartbeat_interval", "key_ids", "orchestrator_id")
    ERROR_FIELD_NUMBER: _ClassVar[int]
    STREAM_FIELD_NUMBER: _ClassVar[int]
    CONSUMERS_FIELD_NUMBER: _ClassVar[int]
    LEASE_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_INTERVAL_FIELD_NUMBER: _ClassVar[int]
    KEY_IDS_FIELD_NUMBER: _ClassVar[int]
    ORCHESTRATOR_ID_FIELD_NUMBER: _ClassVar[int]
    error: WorkerError
    stream: str
    consumers: _containers.RepeatedScalarFieldContainer[str]
    lease: _duration_pb2.Duration
    heartbeat_interval: _duration_pb2.Duration
    key_ids: _containers.RepeatedScalarFieldContainer[str]
    orchestrator_id: str
    def __init__(self, error: _Optional[_Union[WorkerError, _Mapping]] = ..., stream: _Optional[str] = ..., consumers: _Optional[_Iterable[str]] = ..., lease: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., heartbeat_interval: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., key_ids: _Optional[_Iterable[str]] = ..., orchestrator_id: _Optional[str] = ...) -> None: ...

class TaskHint(_message.Message):
    __slots__ = ("run_id", "call_id", "attempt", "orchestrator_id")
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    CALL_ID_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    ORCHESTRATOR_ID_FIELD_NUMBER: _ClassVar[int]
    run_id: str
    call_id: str
    attempt: int
    orchestrator_id: str
    def __init__(self, run_id: _Optional[str] = ..., call_id: _Optional[str] = ..., attempt: _Optional[int] = ..., orchestrator_id: _Optional[str] = ...) -> None: ...

class ClaimRequest(_message.Message):
    __slots__ = ("worker_id", "incarnation", "run_id", "call_id", "attempt", "nonce", "namespace", "probe", "preview")
    WORKER_ID_FIELD_NUMBER: _ClassVar[int]
    INCARNATION_FIELD_NUMBER: _ClassVar[int]
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    CALL_ID_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    NONCE_FIELD_NUMBER: _ClassVar[int]
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    PROBE_FIELD_NUMBER: _ClassVar[int]
    PREVIEW_FIELD_NUMBER: _ClassVar[int]
    worker_id: str
    incarnation: str
    run_id: str
    call_id: str
    attempt: int
    nonce: str
    namespace: str
    probe: bool
    preview: bool
    def __init__(self, worker_id: _Optional[str] = ..., incarnation: _Optional[str] = ..., run_id: _Optional[str] = ..., call_id: _Optional[str] = ..., attempt: _Optional[int] = ..., nonce: _Optional[str] = ..., namespace: _Optional[str] = ..., probe: bool = ..., preview: bool = ...) -> None: ...

class ClaimResponse(_message.Message):
    __slots__ = ("error", "grant", "refusal", "orchestrator_id")
    ERROR_FIELD_NUMBER: _ClassVar[int]
    GRANT_FIELD_NUMBER: _ClassVar[int]
    REFUSAL_FIELD_NUMBER: _ClassVar[int]
    ORCHESTRATOR_ID_FIELD_NUMBER: _ClassVar[int]
    error: WorkerError
    grant: Grant
    refusal: Refusal
    orchestrator_id: str
    def __init__(self, error: _Optional[_Union[WorkerError, _Mapping]] = ..., grant: _Optional[_Union[Grant, _Mapping]] = ..., refusal: _Optional[_Union[Refusal, _Mapping]] = ..., orchestrator_id: _Optional[str] = ...) -> None: ...

class Grant(_message.Message):
    __slots__ = ("tool_name", "arguments_json", "arguments_digest", "idempotency_key", "deadline", "guarded", "proof", "traceparent", "agent_name", "probe", "preview")
    TOOL_NAME_FIELD_NUMBER: _ClassVar[int]
    ARGUMENTS_JSON_FIELD_NUMBER: _ClassVar[int]
    ARGUMENTS_DIGEST_FIELD_NUMBER: _ClassVar[int]
    IDEMPOTENCY_KEY_FIELD_NUMBER: _ClassVar[int]
    DEADLINE_FIELD_NUMBER: _ClassVar[int]
    GUARDED_FIELD_NUMBER: _ClassVar[int]
    PROOF_FIELD_NUMBER: _ClassVar[int]
    TRACEPARENT_FIELD_NUMBER: _ClassVar[int]
    AGENT_NAME_FIELD_NUMBER: _ClassVar[int]
    PROBE_FIELD_NUMBER: _ClassVar[int]
    PREVIEW_FIELD_NUMBER: _ClassVar[int]
    tool_name: str
    arguments_json: str
    arguments_digest: str
    idempotency_key: str
    deadline: _timestamp_pb2.Timestamp
    guarded: bool
    proof: Proof
    traceparent: str
    agent_name: str
    probe: bool
    preview: PreviewTask
    def __init__(self, tool_name: _Optional[str] = ..., arguments_json: _Optional[str] = ..., arguments_digest: _Optional[str] = ..., idempotency_key: _Optional[str] = ..., deadline: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., guarded: bool = ..., proof: _Optional[_Union[Proof, _Mapping]] = ..., traceparent: _Optional[str] = ..., agent_name: _Optional[str] = ..., probe: bool = ..., preview: _Optional[_Union[PreviewTask, _Mapping]] = ...) -> None: ...

class PreviewTask(_message.Message):
    __slots__ = ("number", "time_left")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    TIME_LEFT_FIELD_NUMBER: _ClassVar[int]
    number: int
    time_left: _duration_pb2.Duration
    def __init__(self, number: _Optional[int] = ..., time_left: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class Proof(_message.Message):
    __slots__ = ("run_id", "call_id", "attempt", "nonce", "worker_id", "arguments_digest", "approval_id", "decision_id", "granted_at", "key_id", "signature", "expires_at", "checked_preview")
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    CALL_ID_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    NONCE_FIELD_NUMBER: _ClassVar[int]
    WORKER_ID_FIELD_NUMBER: _ClassVar[int]
    ARGUMENTS_DIGEST_FIELD_NUMBER: _ClassVar[int]
    APPROVAL_ID_FIELD_NUMBER: _ClassVar[int]
    DECISION_ID_FIELD_NUMBER: _ClassVar[int]
    GRANTED_AT_FIELD_NUMBER: _ClassVar[int]
    KEY_ID_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    CHECKED_PREVIEW_FIELD_NUMBER: _ClassVar[int]
    run_id: str
    call_id: str
    attempt: int
    nonce: str
    worker_id: str
    arguments_digest: str
    approval_id: str
    decision_id: str
    granted_at: _timestamp_pb2.Timestamp
    key_id: str
    signature: bytes
    expires_at: _timestamp_pb2.Timestamp
    checked_preview: str
    def __init__(self, run_id: _Optional[str] = ..., call_id: _Optional[str] = ..., attempt: _Optional[int] = ..., nonce: _Optional[str] = ..., worker_id: _Optional[str] = ..., arguments_digest: _Optional[str] = ..., approval_id: _Optional[str] = ..., decision_id: _Optional[str] = ..., granted_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., key_id: _Optional[str] = ..., signature: _Optional[bytes] = ..., expires_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., checked_preview: _Optional[str] = ...) -> None: ...

class Refusal(_message.Message):
    __slots__ = ("reason",)
    REASON_FIELD_NUMBER: _ClassVar[int]
    reason: RefusalReason
    def __init__(self, reason: _Optional[_Union[RefusalReason, str]] = ...) -> None: ...

class HeartbeatRequest(_message.Message):
    __slots__ = ("worker_id", "incarnation", "namespace", "counter", "tasks")
    WORKER_ID_FIELD_NUMBER: _ClassVar[int]
    INCARNATION_FIELD_NUMBER: _ClassVar[int]
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    COUNTER_FIELD_NUMBER: _ClassVar[int]
    TASKS_FIELD_NUMBER: _ClassVar[int]
    worker_id: str
    incarnation: str
    namespace: str
    counter: int
    tasks: _containers.RepeatedCompositeFieldContainer[TaskInHand]
    def __init__(self, worker_id: _Optional[str] = ..., incarnation: _Optional[str] = ..., namespace: _Optional[str] = ..., counter: _Optional[int] = ..., tasks: _Optional[_Iterable[_Union[TaskInHand, _Mapping]]] = ...) -> None: ...

class TaskInHand(_message.Message):
    __slots__ = ("run_id", "call_id", "attempt", "nonce", "begun")
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    CALL_ID_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    NONCE_FIELD_NUMBER: _ClassVar[int]
    BEGUN_FIELD_NUMBER: _ClassVar[int]
    run_id: str
    call_id: str
    attempt: int
    nonce: str
    begun: bool
    def __init__(self, run_id: _Optional[str] = ..., call_id: _Optional[str] = ..., attempt: _Optional[int] = ..., nonce: _Optional[str] = ..., begun: bool = ...) -> None: ...

class HeartbeatResponse(_message.Message):
    __slots__ = ("error", "stop", "register", "orchestrator_id")
    ERROR_FIELD_NUMBER: _ClassVar[int]
    STOP_FIELD_NUMBER: _ClassVar[int]
    REGISTER_FIELD_NUMBER: _ClassVar[int]
    ORCHESTRATOR_ID_FIELD_NUMBER: _ClassVar[int]
    error: WorkerError
    stop: _containers.RepeatedScalarFieldContainer[str]
    register: bool
    orchestrator_id: str
    def __init__(self, error: _Optional[_Union[WorkerError, _Mapping]] = ..., stop: _Optional[_Iterable[str]] = ..., register: bool = ..., orchestrator_id: _Optional[str] = ...) -> None: ...

class CompleteRequest(_message.Message):
    __slots__ = ("worker_id", "incarnation", "namespace", "run_id", "call_id", "attempt", "nonce", "arguments_digest", "result_json", "failure", "probe_answer", "preview_answer")
    WORKER_ID_FIELD_NUMBER: _ClassVar[int]
    INCARNATION_FIELD_NUMBER: _ClassVar[int]
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    CALL_ID_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    NONCE_FIELD_NUMBER: _ClassVar[int]
    ARGUMENTS_DIGEST_FIELD_NUMBER: _ClassVar[int]
    RESULT_JSON_FIELD_NUMBER: _ClassVar[int]
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    PROBE_ANSWER_FIELD_NUMBER: _ClassVar[int]
    PREVIEW_ANSWER_FIELD_NUMBER: _ClassVar[int]
    worker_id: str
    incarnation: str
    namespace: str
    run_id: str
    call_id: str
    attempt: int
    nonce: str
    arguments_digest: str
    result_json: str
    failure: ToolFailure
    probe_answer: ProbeAnswer
    preview_answer: PreviewAnswer
    def __init__(self, worker_id: _Optional[str] = ..., incarnation: _Optional[str] = ..., namespace: _Optional[str] = ..., run_id: _Optional[str] = ..., call_id: _Optional[str] = ..., attempt: _Optional[int] = ..., nonce: _Optional[str] = ..., arguments_digest: _Optional[str] = ..., result_json: _Optional[str] = ..., failure: _Optional[_Union[ToolFailure, _Mapping]] = ..., probe_answer: _Optional[_Union[ProbeAnswer, _Mapping]] = ..., preview_answer: _Optional[_Union[PreviewAnswer, _Mapping]] = ...) -> None: ...

class PreviewAnswer(_message.Message):
    __slots__ = ("number", "content_json", "failure")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    CONTENT_JSON_FIELD_NUMBER: _ClassVar[int]
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    number: int
    content_json: str
    failure: str
    def __init__(self, number: _Optional[int] = ..., content_json: _Optional[str] = ..., failure: _Optional[str] = ...) -> None: ...

class ProbeAnswer(_message.Message):
    __slots__ = ("verdict", "result_json", "detail")
    VERDICT_FIELD_NUMBER: _ClassVar[int]
    RESULT_JSON_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    verdict: _approval_pb2.ProbeVerdict
    result_json: str
    detail: str
    def __init__(self, verdict: _Optional[_Union[_approval_pb2.ProbeVerdict, str]] = ..., result_json: _Optional[str] = ..., detail: _Optional[str] = ...) -> None: ...

class ToolFailure(_message.Message):
    __slots__ = ("message", "retryable")
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    RETRYABLE_FIELD_NUMBER: _ClassVar[int]
    message: str
    retryable: bool
    def __init__(self, message: _Optional[str] = ..., retryable: bool = ...) -> None: ...

class CompleteResponse(_message.Message):
    __slots__ = ("error", "status", "detail", "orchestrator_id")
    ERROR_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    ORCHESTRATOR_ID_FIELD_NUMBER: _ClassVar[int]
    error: WorkerError
    status: CompletionStatus
    detail: str
    orchestrator_id: str
    def __init__(self, error: _Optional[_Union[WorkerError, _Mapping]] = ..., status: _Optional[_Union[CompletionStatus, str]] = ..., detail: _Optional[str] = ..., orchestrator_id: _Optional[str] = ...) -> None: ...

class ReleaseRequest(_message.Message):
    __slots__ = ("worker_id", "incarnation", "namespace", "run_id", "call_id", "attempt", "nonce", "reason", "detail")
    WORKER_ID_FIELD_NUMBER: _ClassVar[int]
    INCARNATION_FIELD_NUMBER: _ClassVar[int]
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    CALL_ID_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    NONCE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    worker_id: str
    incarnation: str
    namespace: str
    run_id: str
    call_id: str
    attempt: int
    nonce: str
    reason: ReleaseReason
    detail: str
    def __init__(self, worker_id: _Optional[str] = ..., incarnation: _Optional[str] = ..., namespace: _Optional[str] = ..., run_id: _Optional[str] = ..., call_id: _Optional[str] = ..., attempt: _Optional[int] = ..., nonce: _Optional[str] = ..., reason: _Optional[_Union[ReleaseReason, str]] = ..., detail: _Optional[str] = ...) -> None: ...

class ReleaseResponse(_message.Message):
    __slots__ = ("error", "released", "orchestrator_id")
    ERROR_FIELD_NUMBER: _ClassVar[int]
    RELEASED_FIELD_NUMBER: _ClassVar[int]
    ORCHESTRATOR_ID_FIELD_NUMBER: _ClassVar[int]
    error: WorkerError
    released: bool
    orchestrator_id: str
    def __init__(self, error: _Optional[_Union[WorkerError, _Mapping]] = ..., released: bool = ..., orchestrator_id: _Optional[str] = ...) -> None: ...

class WorkerError(_message.Message):
    __slots__ = ("reason", "message", "retry_after")
    REASON_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    RETRY_AFTER_FIELD_NUMBER: _ClassVar[int]
    reason: str
    message: str
    retry_after: _duration_pb2.Duration
    def __init__(self, reason: _Optional[str] = ..., message: _Optional[str] = ..., retry_after: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...
