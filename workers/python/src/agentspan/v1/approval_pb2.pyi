import datetime

from agentspan.v1 import agent_pb2 as _agent_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ApprovalKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    APPROVAL_KIND_UNSPECIFIED: _ClassVar[ApprovalKind]
    APPROVAL_KIND_APPROVAL: _ClassVar[ApprovalKind]
    APPROVAL_KIND_QUESTION: _ClassVar[ApprovalKind]
    APPROVAL_KIND_SETTLEMENT: _ClassVar[ApprovalKind]

class DecisionOutcome(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DECISION_OUTCOME_UNSPECIFIED: _ClassVar[DecisionOutcome]
    DECISION_OUTCOME_APPROVED: _ClassVar[DecisionOutcome]
    DECISION_OUTCOME_REJECTED: _ClassVar[DecisionOutcome]
    DECISION_OUTCOME_RESPONDED: _ClassVar[DecisionOutcome]
    DECISION_OUTCOME_HAPPENED: _ClassVar[DecisionOutcome]
    DECISION_OUTCOME_RUN_AGAIN: _ClassVar[DecisionOutcome]
    DECISION_OUTCOME_GIVEN_UP: _ClassVar[DecisionOutcome]

class PreviewStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PREVIEW_STATUS_UNSPECIFIED: _ClassVar[PreviewStatus]
    PREVIEW_STATUS_PENDING: _ClassVar[PreviewStatus]
    PREVIEW_STATUS_SHOWN: _ClassVar[PreviewStatus]
    PREVIEW_STATUS_FAILED: _ClassVar[PreviewStatus]

class ProbeVerdict(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PROBE_VERDICT_UNSPECIFIED: _ClassVar[ProbeVerdict]
    PROBE_VERDICT_HAPPENED: _ClassVar[ProbeVerdict]
    PROBE_VERDICT_DID_NOT_HAPPEN: _ClassVar[ProbeVerdict]
    PROBE_VERDICT_UNKNOWN: _ClassVar[ProbeVerdict]
    PROBE_VERDICT_NO_ANSWER: _ClassVar[ProbeVerdict]
APPROVAL_KIND_UNSPECIFIED: ApprovalKind
APPROVAL_KIND_APPROVAL: ApprovalKind
APPROVAL_KIND_QUESTION: ApprovalKind
APPROVAL_KIND_SETTLEMENT: ApprovalKind
DECISION_OUTCOME_UNSPECIFIED: DecisionOutcome
DECISION_OUTCOME_APPROVED: DecisionOutcome
DECISION_OUTCOME_REJECTED: DecisionOutcome
DECISION_OUTCOME_RESPONDED: DecisionOutcome
DECISION_OUTCOME_HAPPENED: DecisionOutcome
DECISION_OUTCOME_RUN_AGAIN: DecisionOutcome
DECISION_OUTCOME_GIVEN_UP: DecisionOutcome
PREVIEW_STATUS_UNSPECIFIED: PreviewStatus
PREVIEW_STATUS_PENDING: PreviewStatus
PREVIEW_STATUS_SHOWN: PreviewStatus
PREVIEW_STATUS_FAILED: PreviewStatus
PROBE_VERDICT_UNSPECIFIED: ProbeVerdict
PROBE_VERDICT_HAPPENED: ProbeVerdict
PROBE_VERDICT_DID_NOT_HAPPEN: ProbeVerdict
PROBE_VERDICT_UNKNOWN: ProbeVerdict
PROBE_VERDICT_NO_ANSWER: ProbeVerdict

class Approval(_message.Message):
    __slots__ = ("approval_id", "kind", "run_id", "call_id", "agent_name", "tool_name", "arguments_json", "arguments_digest", "requested_at", "expires_at", "votes_required", "votes", "preview_json", "updated_at", "reason", "unknown_outcome", "decision", "approvers", "escalated_at", "answer_schema_json", "preview", "parent_run_id", "root_run_id")
    APPROVAL_ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    CALL_ID_FIELD_NUMBER: _ClassVar[int]
    AGENT_NAME_FIELD_NUMBER: _ClassVar[int]
    TOOL_NAME_FIELD_NUMBER: _ClassVar[int]
    ARGUMENTS_JSON_FIELD_NUMBER: _ClassVar[int]
    ARGUMENTS_DIGEST_FIELD_NUMBER: _ClassVar[int]
    REQUESTED_AT_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    VOTES_REQUIRED_FIELD_NUMBER: _ClassVar[int]
    VOTES_FIELD_NUMBER: _ClassVar[int]
    PREVIEW_JSON_FIELD_NUMBER: _ClassVar[int]
    UPDATED_AT_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    UNKNOWN_OUTCOME_FIELD_NUMBER: _ClassVar[int]
    DECISION_FIELD_NUMBER: _ClassVar[int]
    APPROVERS_FIELD_NUMBER: _ClassVar[int]
    ESCALATED_AT_FIELD_NUMBER: _ClassVar[int]
    ANSWER_SCHEMA_JSON_FIELD_NUMBER: _ClassVar[int]
    PREVIEW_FIELD_NUMBER: _ClassVar[int]
    PARENT_RUN_ID_FIELD_NUMBER: _ClassVar[int]
    ROOT_RUN_ID_FIELD_NUMBER: _ClassVar[int]
    approval_id: str
    kind: ApprovalKind
    run_id: str
    call_id: str
    agent_name: str
    tool_name: str
    arguments_json: str
    arguments_digest: str
    requested_at: _timestamp_pb2.Timestamp
    expires_at: _timestamp_pb2.Timestamp
    votes_required: int
    votes: _containers.RepeatedCompositeFieldContainer[Vote]
    preview_json: str
    updated_at: _timestamp_pb2.Timestamp
    reason: str
    unknown_outcome: UnknownOutcome
    decision: Decision
    approvers: _agent_pb2.Approvers
    escalated_at: _timestamp_pb2.Timestamp
    answer_schema_json: str
    preview: Preview
    parent_run_id: str
    root_run_id: str
    def __init__(self, approval_id: _Optional[str] = ..., kind: _Optional[_Union[ApprovalKind, str]] = ..., run_id: _Optional[str] = ..., call_id: _Optional[str] = ..., agent_name: _Optional[str] = ..., tool_name: _Optional[str] = ..., arguments_json: _Optional[str] = ..., arguments_digest: _Optional[str] = ..., requested_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., expires_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., votes_required: _Optional[int] = ..., votes: _Optional[_Iterable[_Union[Vote, _Mapping]]] = ..., preview_json: _Optional[str] = ..., updated_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., reason: _Optional[str] = ..., unknown_outcome: _Optional[_Union[UnknownOutcome, _Mapping]] = ..., decision: _Optional[_Union[Decision, _Mapping]] = ..., approvers: _Optional[_Union[_agent_pb2.Approvers, _Mapping]] = ..., escalated_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., answer_schema_json: _Optional[str] = ..., preview: _Optional[_Union[Preview, _Mapping]] = ..., parent_run_id: _Optional[str] = ..., root_run_id: _Optional[str] = ...) -> None: ...

class Preview(_message.Message):
    __slots__ = ("status", "content_json", "fingerprint", "taken_at", "detail", "previous", "fields")
    STATUS_FIELD_NUMBER: _ClassVar[int]
    CONTENT_JSON_FIELD_NUMBER: _ClassVar[int]
    FINGERPRINT_FIELD_NUMBER: _ClassVar[int]
    TAKEN_AT_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_FIELD_NUMBER: _ClassVar[int]
    FIELDS_FIELD_NUMBER: _ClassVar[int]
    status: PreviewStatus
    content_json: str
    fingerprint: str
    taken_at: _timestamp_pb2.Timestamp
    detail: str
    previous: Preview
    fields: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, status: _Optional[_Union[PreviewStatus, str]] = ..., content_json: _Optional[str] = ..., fingerprint: _Optional[str] = ..., taken_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., detail: _Optional[str] = ..., previous: _Optional[_Union[Preview, _Mapping]] = ..., fields: _Optional[_Iterable[str]] = ...) -> None: ...

class UnknownOutcome(_message.Message):
    __slots__ = ("attempt", "worker_id", "granted_at", "cause", "idempotency_key", "last_heartbeat_at", "probe_verdict", "probe_detail")
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    WORKER_ID_FIELD_NUMBER: _ClassVar[int]
    GRANTED_AT_FIELD_NUMBER: _ClassVar[int]
    CAUSE_FIELD_NUMBER: _ClassVar[int]
    IDEMPOTENCY_KEY_FIELD_NUMBER: _ClassVar[int]
    LAST_HEARTBEAT_AT_FIELD_NUMBER: _ClassVar[int]
    PROBE_VERDICT_FIELD_NUMBER: _ClassVar[int]
    PROBE_DETAIL_FIELD_NUMBER: _ClassVar[int]
    attempt: int
    worker_id: str
    granted_at: _timestamp_pb2.Timestamp
    cause: str
    idempotency_key: str
    last_heartbeat_at: _timestamp_pb2.Timestamp
    probe_verdict: ProbeVerdict
    probe_detail: str
    def __init__(self, attempt: _Optional[int] = ..., worker_id: _Optional[str] = ..., granted_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., cause: _Optional[str] = ..., idempotency_key: _Optional[str] = ..., last_heartbeat_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., probe_verdict: _Optional[_Union[ProbeVerdict, str]] = ..., probe_detail: _Optional[str] = ...) -> None: ...

class Vote(_message.Message):
    __slots__ = ("who", "at", "what", "comment", "edited", "on_behalf_of", "preview_fingerprint")
    WHO_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    WHAT_FIELD_NUMBER: _ClassVar[int]
    COMMENT_FIELD_NUMBER: _ClassVar[int]
    EDITED_FIELD_NUMBER: _ClassVar[int]
    ON_BEHALF_OF_FIELD_NUMBER: _ClassVar[int]
    PREVIEW_FINGERPRINT_FIELD_NUMBER: _ClassVar[int]
    who: str
    at: _timestamp_pb2.Timestamp
    what: DecisionOutcome
    comment: str
    edited: bool
    on_behalf_of: str
    preview_fingerprint: str
    def __init__(self, who: _Optional[str] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., what: _Optional[_Union[DecisionOutcome, str]] = ..., comment: _Optional[str] = ..., edited: bool = ..., on_behalf_of: _Optional[str] = ..., preview_fingerprint: _Optional[str] = ...) -> None: ...

class Decision(_message.Message):
    __slots__ = ("approval_id", "decision_id", "outcome", "decided_by", "decided_at", "comment", "edited_arguments_json", "on_behalf_of", "ground", "preview_fingerprint", "group")
    APPROVAL_ID_FIELD_NUMBER: _ClassVar[int]
    DECISION_ID_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    DECIDED_BY_FIELD_NUMBER: _ClassVar[int]
    DECIDED_AT_FIELD_NUMBER: _ClassVar[int]
    COMMENT_FIELD_NUMBER: _ClassVar[int]
    EDITED_ARGUMENTS_JSON_FIELD_NUMBER: _ClassVar[int]
    ON_BEHALF_OF_FIELD_NUMBER: _ClassVar[int]
    GROUND_FIELD_NUMBER: _ClassVar[int]
    PREVIEW_FINGERPRINT_FIELD_NUMBER: _ClassVar[int]
    GROUP_FIELD_NUMBER: _ClassVar[int]
    approval_id: str
    decision_id: str
    outcome: DecisionOutcome
    decided_by: str
    decided_at: _timestamp_pb2.Timestamp
    comment: str
    edited_arguments_json: str
    on_behalf_of: str
    ground: GrantUse
    preview_fingerprint: str
    group: str
    def __init__(self, approval_id: _Optional[str] = ..., decision_id: _Optional[str] = ..., outcome: _Optional[_Union[DecisionOutcome, str]] = ..., decided_by: _Optional[str] = ..., decided_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., comment: _Optional[str] = ..., edited_arguments_json: _Optional[str] = ..., on_behalf_of: _Optional[str] = ..., ground: _Optional[_Union[GrantUse, _Mapping]] = ..., preview_fingerprint: _Optional[str] = ..., group: _Optional[str] = ...) -> None: ...

class GrantUse(_message.Message):
    __slots__ = ("grant_id", "version", "use")
    GRANT_ID_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    USE_FIELD_NUMBER: _ClassVar[int]
    grant_id: str
    version: str
    use: int
    def __init__(self, grant_id: _Optional[str] = ..., version: _Optional[str] = ..., use: _Optional[int] = ...) -> None: ...

class ListApprovalsRequest(_message.Message):
    __slots__ = ("kinds", "tool_name", "agent_name", "labels", "assignee", "page_size", "page_token", "run_id", "assignee_groups", "mine", "with_total")
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    KINDS_FIELD_NUMBER: _ClassVar[int]
    TOOL_NAME_FIELD_NUMBER: _ClassVar[int]
    AGENT_NAME_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    ASSIGNEE_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    ASSIGNEE_GROUPS_FIELD_NUMBER: _ClassVar[int]
    MINE_FIELD_NUMBER: _ClassVar[int]
    WITH_TOTAL_FIELD_NUMBER: _ClassVar[int]
    kinds: _containers.RepeatedScalarFieldContainer[ApprovalKind]
    tool_name: str
    agent_name: str
    labels: _containers.ScalarMap[str, str]
    assignee: str
    page_size: int
    page_token: str
    run_id: str
    assignee_groups: _containers.RepeatedScalarFieldContainer[str]
    mine: bool
    with_total: bool
    def __init__(self, kinds: _Optional[_Iterable[_Union[ApprovalKind, str]]] = ..., tool_name: _Optional[str] = ..., agent_name: _Optional[str] = ..., labels: _Optional[_Mapping[str, str]] = ..., assignee: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., run_id: _Optional[str] = ..., assignee_groups: _Optional[_Iterable[str]] = ..., mine: bool = ..., with_total: bool = ...) -> None: ...

class ListApprovalsResponse(_message.Message):
    __slots__ = ("approvals", "next_page_token", "total")
    APPROVALS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    approvals: _containers.RepeatedCompositeFieldContainer[Approval]
    next_page_token: str
    total: int
    def __init__(self, approvals: _Optional[_Iterable[_Union[Approval, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., total: _Optional[int] = ...) -> None: ...

class GetApprovalRequest(_message.Message):
    __slots__ = ("run_id", "approval_id")
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    APPROVAL_ID_FIELD_NUMBER: _ClassVar[int]
    run_id: str
    approval_id: str
    def __init__(self, run_id: _Optional[str] = ..., approval_id: _Optional[str] = ...) -> None: ...

class GetApprovalResponse(_message.Message):
    __slots__ = ("approval",)
    APPROVAL_FIELD_NUMBER: _ClassVar[int]
    approval: Approval
    def __init__(self, approval: _Optional[_Union[Approval, _Mapping]] = ...) -> None: ...

class WatchApprovalsRequest(_message.Message):
    __slots__ = ("kinds", "tool_name", "agent_name", "labels", "assignee", "cursor", "assignee_groups", "mine")
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    KINDS_FIELD_NUMBER: _ClassVar[int]
    TOOL_NAME_FIELD_NUMBER: _ClassVar[int]
    AGENT_NAME_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    ASSIGNEE_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    ASSIGNEE_GROUPS_FIELD_NUMBER: _ClassVar[int]
    MINE_FIELD_NUMBER: _ClassVar[int]
    kinds: _containers.RepeatedScalarFieldContainer[ApprovalKind]
    tool_name: str
    agent_name: str
    labels: _containers.ScalarMap[str, str]
    assignee: str
    cursor: str
    assignee_groups: _containers.RepeatedScalarFieldContainer[str]
    mine: bool
    def __init__(self, kinds: _Optional[_Iterable[_Union[ApprovalKind, str]]] = ..., tool_name: _Optional[str] = ..., agent_name: _Optional[str] = ..., labels: _Optional[_Mapping[str, str]] = ..., assignee: _Optional[str] = ..., cursor: _Optional[str] = ..., assignee_groups: _Optional[_Iterable[str]] = ..., mine: bool = ...) -> None: ...

class WatchApprovalsResponse(_message.Message):
    __slots__ = ("approval", "closed", "cursor")
    APPROVAL_FIELD_NUMBER: _ClassVar[int]
    CLOSED_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    approval: Approval
    closed: bool
    cursor: str
    def __init__(self, approval: _Optional[_Union[Approval, _Mapping]] = ..., closed: bool = ..., cursor: _Optional[str] = ...) -> None: ...

class CreateDecisionLinkRequest(_message.Message):
    __slots__ = ("run_id", "approval_id", "person", "expires_at", "idempotency_key")
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    APPROVAL_ID_FIELD_NUMBER: _ClassVar[int]
    PERSON_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    IDEMPOTENCY_KEY_FIELD_NUMBER: _ClassVar[int]
    run_id: str
    approval_id: str
    person: str
    expires_at: _timestamp_pb2.Timestamp
    idempotency_key: str
    def __init__(self, run_id: _Optional[str] = ..., approval_id: _Optional[str] = ..., person: _Optional[str] = ..., expires_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., idempotency_key: _Optional[str] = ...) -> None: ...

class CreateDecisionLinkResponse(_message.Message):
    __slots__ = ("link",)
    LINK_FIELD_NUMBER: _ClassVar[int]
    link: DecisionLink
    def __init__(self, link: _Optional[_Union[DecisionLink, _Mapping]] = ...) -> None: ...

class DecisionLink(_message.Message):
    __slots__ = ("link_id", "url", "run_id", "approval_id", "person", "tool_name", "arguments_digest", "expires_at")
    LINK_ID_FIELD_NUMBER: _ClassVar[int]
    URL_FIELD_NUMBER: _ClassVar[int]
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    APPROVAL_ID_FIELD_NUMBER: _ClassVar[int]
    PERSON_FIELD_NUMBER: _ClassVar[int]
    TOOL_NAME_FIELD_NUMBER: _ClassVar[int]
    ARGUMENTS_DIGEST_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    link_id: str
    url: str
    run_id: str
    approval_id: str
    person: str
    tool_name: str
    arguments_digest: str
    expires_at: _timestamp_pb2.Timestamp
    def __init__(self, link_id: _Optional[str] = ..., url: _Optional[str] = ..., run_id: _Optional[str] = ..., approval_id: _Optional[str] = ..., person: _Optional[str] = ..., tool_name: _Optional[str] = ..., arguments_digest: _Optional[str] = ..., expires_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
