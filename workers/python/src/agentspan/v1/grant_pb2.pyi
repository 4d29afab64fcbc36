import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class StandingGrant(_message.Message):
    __slots__ = ("grant_id", "version", "agent_name", "tool_name", "rule", "expires_at", "max_uses", "uses", "description", "created_at", "created_by", "on_behalf_of", "revoked_at", "revoked_by")
    GRANT_ID_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    AGENT_NAME_FIELD_NUMBER: _ClassVar[int]
    TOOL_NAME_FIELD_NUMBER: _ClassVar[int]
    RULE_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    MAX_USES_FIELD_NUMBER: _ClassVar[int]
    USES_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    CREATED_BY_FIELD_NUMBER: _ClassVar[int]
    ON_BEHALF_OF_FIELD_NUMBER: _ClassVar[int]
    REVOKED_AT_FIELD_NUMBER: _ClassVar[int]
    REVOKED_BY_FIELD_NUMBER: _ClassVar[int]
    grant_id: str
    version: str
    agent_name: str
    tool_name: str
    rule: str
    expires_at: _timestamp_pb2.Timestamp
    max_uses: int
    uses: int
    description: str
    created_at: _timestamp_pb2.Timestamp
    created_by: str
    on_behalf_of: str
    revoked_at: _timestamp_pb2.Timestamp
    revoked_by: str
    def __init__(self, grant_id: _Optional[str] = ..., version: _Optional[str] = ..., agent_name: _Optional[str] = ..., tool_name: _Optional[str] = ..., rule: _Optional[str] = ..., expires_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., max_uses: _Optional[int] = ..., uses: _Optional[int] = ..., description: _Optional[str] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., created_by: _Optional[str] = ..., on_behalf_of: _Optional[str] = ..., revoked_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., revoked_by: _Optional[str] = ...) -> None: ...

class CreateGrantRequest(_message.Message):
    __slots__ = ("agent_name", "tool_name", "rule", "expires_at", "max_uses", "description", "on_behalf_of", "idempotency_key")
    AGENT_NAME_FIELD_NUMBER: _ClassVar[int]
    TOOL_NAME_FIELD_NUMBER: _ClassVar[int]
    RULE_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    MAX_USES_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    ON_BEHALF_OF_FIELD_NUMBER: _ClassVar[int]
    IDEMPOTENCY_KEY_FIELD_NUMBER: _ClassVar[int]
    agent_name: str
    tool_name: str
    rule: str
    expires_at: _timestamp_pb2.Timestamp
    max_uses: int
    description: str
    on_behalf_of: str
    idempotency_key: str
    def __init__(self, agent_name: _Optional[str] = ..., tool_name: _Optional[str] = ..., rule: _Optional[str] = ..., expires_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., max_uses: _Optional[int] = ..., description: _Optional[str] = ..., on_behalf_of: _Optional[str] = ..., idempotency_key: _Optional[str] = ...) -> None: ...

class CreateGrantResponse(_message.Message):
    __slots__ = ("grant", "doubts")
    GRANT_FIELD_NUMBER: _ClassVar[int]
    DOUBTS_FIELD_NUMBER: _ClassVar[int]
    grant: StandingGrant
    doubts: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, grant: _Optional[_Union[StandingGrant, _Mapping]] = ..., doubts: _Optional[_Iterable[str]] = ...) -> None: ...

class GetGrantRequest(_message.Message):
    __slots__ = ("grant_id",)
    GRANT_ID_FIELD_NUMBER: _ClassVar[int]
    grant_id: str
    def __init__(self, grant_id: _Optional[str] = ...) -> None: ...

class GetGrantResponse(_message.Message):
    __slots__ = ("grant",)
    GRANT_FIELD_NUMBER: _ClassVar[int]
    grant: StandingGrant
    def __init__(self, grant: _Optional[_Union[StandingGrant, _Mapping]] = ...) -> None: ...

class ListGrantsRequest(_message.Message):
    __slots__ = ("agent_name", "tool_name", "page_size", "page_token")
    AGENT_NAME_FIELD_NUMBER: _ClassVar[int]
    TOOL_NAME_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    agent_name: str
    tool_name: str
    page_size: int
    page_token: str
    def __init__(self, agent_name: _Optional[str] = ..., tool_name: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListGrantsResponse(_message.Message):
    __slots__ = ("grants", "next_page_token")
    GRANTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    grants: _containers.RepeatedCompositeFieldContainer[StandingGrant]
    next_page_token: str
    def __init__(self, grants: _Optional[_Iterable[_Union[StandingGrant, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class RevokeGrantRequest(_message.Message):
    __slots__ = ("grant_id", "on_behalf_of")
    GRANT_ID_FIELD_NUMBER: _ClassVar[int]
    ON_BEHALF_OF_FIELD_NUMBER: _ClassVar[int]
    grant_id: str
    on_behalf_of: str
    def __init__(self, grant_id: _Optional[str] = ..., on_behalf_of: _Optional[str] = ...) -> None: ...

class RevokeGrantResponse(_message.Message):
    __slots__ = ("grant",)
    GRANT_FIELD_NUMBER: _ClassVar[int]
    grant: StandingGrant
    def __init__(self, grant: _Optional[_Union[StandingGrant, _Mapping]] = ...) -> None: ...
