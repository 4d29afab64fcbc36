import datetime

from agentspan.v1 import agent_pb2 as _agent_pb2
from agentspan.v1 import approval_pb2 as _approval_pb2
from agentspan.v1 import event_pb2 as _event_pb2
from agentspan.v1 import run_state_pb2 as _run_state_pb2
from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class BlockedReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    BLOCKED_REASON_UNSPECIFIED: _ClassVar[BlockedReason]
    BLOCKED_REASON_NO_WORKER: _ClassVar[BlockedReason]
    BLOCKED_REASON_INCOMPATIBLE: _ClassVar[BlockedReason]
    BLOCKED_REASON_NO_PROOF: _ClassVar[BlockedReason]

class SettleOutcome(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SETTLE_OUTCOME_UNSPECIFIED: _ClassVar[SettleOutcome]
    SETTLE_OUTCOME_HAPPENED: _ClassVar[SettleOutcome]
    SETTLE_OUTCOME_RUN_AGAIN: _ClassVar[SettleOutcome]
    SETTLE_OUTCOME_GIVE_UP: _ClassVar[SettleOutcome]
BLOCKED_REASON_UNSPECIFIED: BlockedReason
BLOCKED_REASON_NO_WORKER: BlockedReason
BLOCKED_REASON_INCOMPATIBLE: BlockedReason
BLOCKED_REASON_NO_PROOF: BlockedReason
SETTLE_OUTCOME_UNSPECIFIED: SettleOutcome
SETTLE_OUTCOME_HAPPENED: SettleOutcome
SETTLE_OUTCOME_RUN_AGAIN: SettleOutcome
SETTLE_OUTCOME_GIVE_UP: SettleOutcome

class StartRequest(_message.Message):
    __slots__ = ("agent", "agent_name", "agent_version", "input", "idempotency_key", "labels", "deadline", "on_behalf_of")
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    AGENT_FIELD_NUMBER: _ClassVar[int]
    AGENT_NAME_FIELD_NUMBER: _ClassVar[int]
    AGENT_VERSION_FIELD_NUMBER: _ClassVar[int]
    INPUT_FIELD_NUMBER: _ClassVar[int]
    IDEMPOTENCY_KEY_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    DEADLINE_FIELD_NUMBER: _ClassVar[int]
    ON_BEHALF_OF_FIELD_NUMBER: _ClassVar[int]
    agent: _agent_pb2.AgentDefinition
    agent_name: str
    agent_version: str
    input: str
    idempotency_key: str
    labels: _containers.ScalarMap[str, str]
    deadline: _duration_pb2.Duration
    on_behalf_of: str
    def __init__(self, agent: _Optional[_Union[_agent_pb2.AgentDefinition, _Mapping]] = ..., agent_name: _Optional[str] = ..., agent_version: _Optional[str] = ..., input: _Optional[str] = ..., idempotency_key: _Optional[str] = ..., labels: _Optional[_Mapping[str, str]] = ..., deadline: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., on_behalf_of: _Optional[str] = ...) -> None: ...

class StartResponse(_message.Message):
    __slots__ = ("run_id", "created")
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    CREATED_FIELD_NUMBER: _ClassVar[int]
    run_id: str
    created: bool
    def __init__(self, run_id: _Optional[str] = ..., created: bool = ...) -> None: ...

class GetStatusRequest(_message.Message):
    __slots__ = ("run_id",)
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    run_id: str
    def __init__(self, run_id: _Optional[str] = ...) -> None: ...

class GetStatusResponse(_message.Message):
    __slots__ = ("status",)
    STATUS_FIELD_NUMBER: _ClassVar[int]
    status: RunStatus
    def __init__(self, status: _Optional[_Union[RunStatus, _Mapping]] = ...) -> None: ...

class RunStatus(_message.Message):
    __slots__ = ("run_id", "state", "is_running", "is_waiting", "is_complete", "output_json", "ending", "error", "pending_approvals", "usage", "last_sequence", "agent_name", "agent_version", "blocked_on", "created_at", "updated_at", "ended_at", "labels", "started_by", "paused", "parent_run_id", "blocked", "parent_call_id", "root_run_id")
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    IS_RUNNING_FIELD_NUMBER: _ClassVar[int]
    IS_WAITING_FIELD_NUMBER: _ClassVar[int]
    IS_COMPLETE_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_JSON_FIELD_NUMBER: _ClassVar[int]
    ENDING_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    PENDING_APPROVALS_FIELD_NUMBER: _ClassVar[int]
    USAGE_FIELD_NUMBER: _ClassVar[int]
    LAST_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    AGENT_NAME_FIELD_NUMBER: _ClassVar[int]
    AGENT_VERSION_FIELD_NUMBER: _ClassVar[int]
    BLOCKED_ON_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    UPDATED_AT_FIELD_NUMBER: _ClassVar[int]
    ENDED_AT_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    STARTED_BY_FIELD_NUMBER: _ClassVar[int]
    PAUSED_FIELD_NUMBER: _ClassVar[int]
    PARENT_RUN_ID_FIELD_NUMBER: _ClassVar[int]
    BLOCKED_FIELD_NUMBER: _ClassVar[int]
    PARENT_CALL_ID_FIELD_NUMBER: _ClassVar[int]
    ROOT_RUN_ID_FIELD_NUMBER: _ClassVar[int]
    run_id: str
    state: _run_state_pb2.RunState
    is_running: bool
    is_waiting: bool
    is_complete: bool
    output_json: str
    ending: bool
    error: _run_state_pb2.RunError
    pending_approvals: _containers.RepeatedCompositeFieldContainer[_approval_pb2.Approval]
    usage: _run_state_pb2.Usage
    last_sequence: int
    agent_name: str
    agent_version: str
    blocked_on: _containers.RepeatedScalarFieldContainer[str]
    created_at: _timestamp_pb2.Timestamp
    updated_at: _timestamp_pb2.Timestamp
    ended_at: _timestamp_pb2.Timestamp
    labels: _containers.ScalarMap[str, str]
    started_by: str
    paused: bool
    parent_run_id: str
    blocked: _containers.RepeatedCompositeFieldContainer[BlockedTool]
    parent_call_id: str
    root_run_id: str
    def __init__(self, run_id: _Optional[str] = ..., state: _Optional[_Union[_run_state_pb2.RunState, str]] = ..., is_running: bool = ..., is_waiting: bool = ..., is_complete: bool = ..., output_json: _Optional[str] = ..., ending: bool = ..., error: _Optional[_Union[_run_state_pb2.RunError, _Mapping]] = ..., pending_approvals: _Optional[_Iterable[_Union[_approval_pb2.Approval, _Mapping]]] = ..., usage: _Optional[_Union[_run_state_pb2.Usage, _Mapping]] = ..., last_sequence: _Optional[int] = ..., agent_name: _Optional[str] = ..., agent_version: _Optional[str] = ..., blocked_on: _Optional[_Iterable[str]] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., updated_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., ended_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., labels: _Optional[_Mapping[str, str]] = ..., started_by: _Optional[str] = ..., paused: bool = ..., parent_run_id: _Optional[str] = ..., blocked: _Optional[_Iterable[_Union[BlockedTool, _Mapping]]] = ..., parent_call_id: _Optional[str] = ..., root_run_id: _Optional[str] = ...) -> None: ...

class BlockedTool(_message.Message):
    __slots__ = ("tool_name", "why")
    TOOL_NAME_FIELD_NUMBER: _ClassVar[int]
    WHY_FIELD_NUMBER: _ClassVar[int]
    tool_name: str
    why: BlockedReason
    def __init__(self, tool_name: _Optional[str] = ..., why: _Optional[_Union[BlockedReason, str]] = ...) -> None: ...

class StreamEventsRequest(_message.Message):
    __slots__ = ("run_id", "after_sequence", "include_deltas")
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    AFTER_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_DELTAS_FIELD_NUMBER: _ClassVar[int]
    run_id: str
    after_sequence: int
    include_deltas: bool
    def __init__(self, run_id: _Optional[str] = ..., after_sequence: _Optional[int] = ..., include_deltas: bool = ...) -> None: ...

class StreamEventsResponse(_message.Message):
    __slots__ = ("event",)
    EVENT_FIELD_NUMBER: _ClassVar[int]
    event: _event_pb2.Event
    def __init__(self, event: _Optional[_Union[_event_pb2.Event, _Mapping]] = ...) -> None: ...

class ApproveRequest(_message.Message):
    __slots__ = ("run_id", "approval_id", "arguments_digest", "edited_arguments_json", "comment", "decision_id", "on_behalf_of", "preview_fingerprint")
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    APPROVAL_ID_FIELD_NUMBER: _ClassVar[int]
    ARGUMENTS_DIGEST_FIELD_NUMBER: _ClassVar[int]
    EDITED_ARGUMENTS_JSON_FIELD_NUMBER: _ClassVar[int]
    COMMENT_FIELD_NUMBER: _ClassVar[int]
    DECISION_ID_FIELD_NUMBER: _ClassVar[int]
    ON_BEHALF_OF_FIELD_NUMBER: _ClassVar[int]
    PREVIEW_FINGERPRINT_FIELD_NUMBER: _ClassVar[int]
    run_id: str
    approval_id: str
    arguments_digest: str
    edited_arguments_json: str
    comment: str
    decision_id: str
    on_behalf_of: str
    preview_fingerprint: str
    def __init__(self, run_id: _Optional[str] = ..., approval_id: _Optional[str] = ..., arguments_digest: _Optional[str] = ..., edited_arguments_json: _Optional[str] = ..., comment: _Optional[str] = ..., decision_id: _Optional[str] = ..., on_behalf_of: _Optional[str] = ..., preview_fingerprint: _Optional[str] = ...) -> None: ...

class ApproveResponse(_message.Message):
    __slots__ = ("decision", "closed", "votes_missing", "repeated")
    DECISION_FIELD_NUMBER: _ClassVar[int]
    CLOSED_FIELD_NUMBER: _ClassVar[int]
    VOTES_MISSING_FIELD_NUMBER: _ClassVar[int]
    REPEATED_FIELD_NUMBER: _ClassVar[int]
    decision: _approval_pb2.Decision
    closed: bool
    votes_missing: int
    repeated: bool
    def __init__(self, decision: _Optional[_Union[_approval_pb2.Decision, _Mapping]] = ..., closed: bool = ..., votes_missing: _Optional[int] = ..., repeated: bool = ...) -> None: ...

class RejectRequest(_message.Message):
    __slots__ = ("run_id", "approval_id", "reason", "decision_id", "on_behalf_of", "arguments_digest")
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    APPROVAL_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    DECISION_ID_FIELD_NUMBER: _ClassVar[int]
    ON_BEHALF_OF_FIELD_NUMBER: _ClassVar[int]
    ARGUMENTS_DIGEST_FIELD_NUMBER: _ClassVar[int]
    run_id: str
    approval_id: str
    reason: str
    decision_id: str
    on_behalf_of: str
    arguments_digest: str
    def __init__(self, run_id: _Optional[str] = ..., approval_id: _Optional[str] = ..., reason: _Optional[str] = ..., decision_id: _Optional[str] = ..., on_behalf_of: _Optional[str] = ..., arguments_digest: _Optional[str] = ...) -> None: ...

class RejectResponse(_message.Message):
    __slots__ = ("decision", "repeated")
    DECISION_FIELD_NUMBER: _ClassVar[int]
    REPEATED_FIELD_NUMBER: _ClassVar[int]
    decision: _approval_pb2.Decision
    repeated: bool
    def __init__(self, decision: _Optional[_Union[_approval_pb2.Decision, _Mapping]] = ..., repeated: bool = ...) -> None: ...

class RespondRequest(_message.Message):
    __slots__ = ("run_id", "approval_id", "content_json", "decision_id", "on_behalf_of", "comment")
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    APPROVAL_ID_FIELD_NUMBER: _ClassVar[int]
    CONTENT_JSON_FIELD_NUMBER: _ClassVar[int]
    DECISION_ID_FIELD_NUMBER: _ClassVar[int]
    ON_BEHALF_OF_FIELD_NUMBER: _ClassVar[int]
    COMMENT_FIELD_NUMBER: _ClassVar[int]
    run_id: str
    approval_id: str
    content_json: str
    decision_id: str
    on_behalf_of: str
    comment: str
    def __init__(self, run_id: _Optional[str] = ..., approval_id: _Optional[str] = ..., content_json: _Optional[str] = ..., decision_id: _Optional[str] = ..., on_behalf_of: _Optional[str] = ..., comment: _Optional[str] = ...) -> None: ...

class RespondResponse(_message.Message):
    __slots__ = ("decision", "repeated")
    DECISION_FIELD_NUMBER: _ClassVar[int]
    REPEATED_FIELD_NUMBER: _ClassVar[int]
    decision: _approval_pb2.Decision
    repeated: bool
    def __init__(self, decision: _Optional[_Union[_approval_pb2.Decision, _Mapping]] = ..., repeated: bool = ...) -> None: ...

class SettleRequest(_message.Message):
    __slots__ = ("run_id", "approval_id", "outcome", "result_json", "decision_id", "comment", "on_behalf_of")
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    APPROVAL_ID_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    RESULT_JSON_FIELD_NUMBER: _ClassVar[int]
    DECISION_ID_FIELD_NUMBER: _ClassVar[int]
    COMMENT_FIELD_NUMBER: _ClassVar[int]
    ON_BEHALF_OF_FIELD_NUMBER: _ClassVar[int]
    run_id: str
    approval_id: str
    outcome: SettleOutcome
    result_json: str
    decision_id: str
    comment: str
    on_behalf_of: str
    def __init__(self, run_id: _Optional[str] = ..., approval_id: _Optional[str] = ..., outcome: _Optional[_Union[SettleOutcome, str]] = ..., result_json: _Optional[str] = ..., decision_id: _Optional[str] = ..., comment: _Optional[str] = ..., on_behalf_of: _Optional[str] = ...) -> None: ...

class SettleResponse(_message.Message):
    __slots__ = ("decision", "repeated", "closed", "votes_missing")
    DECISION_FIELD_NUMBER: _ClassVar[int]
    REPEATED_FIELD_NUMBER: _ClassVar[int]
    CLOSED_FIELD_NUMBER: _ClassVar[int]
    VOTES_MISSING_FIELD_NUMBER: _ClassVar[int]
    decision: _approval_pb2.Decision
    repeated: bool
    closed: bool
    votes_missing: int
    def __init__(self, decision: _Optional[_Union[_approval_pb2.Decision, _Mapping]] = ..., repeated: bool = ..., closed: bool = ..., votes_missing: _Optional[int] = ...) -> None: ...

class CancelRequest(_message.Message):
    __slots__ = ("run_id", "reason")
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    run_id: str
    reason: str
    def __init__(self, run_id: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class CancelResponse(_message.Message):
    __slots__ = ("status",)
    STATUS_FIELD_NUMBER: _ClassVar[int]
    status: RunStatus
    def __init__(self, status: _Optional[_Union[RunStatus, _Mapping]] = ...) -> None: ...

class PauseRequest(_message.Message):
    __slots__ = ("run_id", "reason", "request_id")
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    run_id: str
    reason: str
    request_id: str
    def __init__(self, run_id: _Optional[str] = ..., reason: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class PauseResponse(_message.Message):
    __slots__ = ("status",)
    STATUS_FIELD_NUMBER: _ClassVar[int]
    status: RunStatus
    def __init__(self, status: _Optional[_Union[RunStatus, _Mapping]] = ...) -> None: ...

class ResumeRequest(_message.Message):
    __slots__ = ("run_id", "request_id")
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    run_id: str
    request_id: str
    def __init__(self, run_id: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class ResumeResponse(_message.Message):
    __slots__ = ("status",)
    STATUS_FIELD_NUMBER: _ClassVar[int]
    status: RunStatus
    def __init__(self, status: _Optional[_Union[RunStatus, _Mapping]] = ...) -> None: ...

class ListRunsRequest(_message.Message):
    __slots__ = ("states", "agent_name", "labels", "page_size", "page_token", "parent_run_id")
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    STATES_FIELD_NUMBER: _ClassVar[int]
    AGENT_NAME_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    PARENT_RUN_ID_FIELD_NUMBER: _ClassVar[int]
    states: _containers.RepeatedScalarFieldContainer[_run_state_pb2.RunState]
    agent_name: str
    labels: _containers.ScalarMap[str, str]
    page_size: int
    page_token: str
    parent_run_id: str
    def __init__(self, states: _Optional[_Iterable[_Union[_run_state_pb2.RunState, str]]] = ..., agent_name: _Optional[str] = ..., labels: _Optional[_Mapping[str, str]] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., parent_run_id: _Optional[str] = ...) -> None: ...

class ListRunsResponse(_message.Message):
    __slots__ = ("runs", "next_page_token")
    RUNS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    runs: _containers.RepeatedCompositeFieldContainer[RunStatus]
    next_page_token: str
    def __init__(self, runs: _Optional[_Iterable[_Union[RunStatus, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class GetHistoryRequest(_message.Message):
    __slots__ = ("run_id", "after_sequence", "page_size")
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    AFTER_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    run_id: str
    after_sequence: int
    page_size: int
    def __init__(self, run_id: _Optional[str] = ..., after_sequence: _Optional[int] = ..., page_size: _Optional[int] = ...) -> None: ...

class GetHistoryResponse(_message.Message):
    __slots__ = ("events", "more", "last_sequence", "ended")
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    MORE_FIELD_NUMBER: _ClassVar[int]
    LAST_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    ENDED_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[_event_pb2.Event]
    more: bool
    last_sequence: int
    ended: bool
    def __init__(self, events: _Optional[_Iterable[_Union[_event_pb2.Event, _Mapping]]] = ..., more: bool = ..., last_sequence: _Optional[int] = ..., ended: bool = ...) -> None: ...
