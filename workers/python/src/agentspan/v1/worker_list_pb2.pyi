import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class WorkerProcess(_message.Message):
    __slots__ = ("worker_id", "instance_id", "language", "sdk_version", "registered_at", "last_seen_at", "live", "tools", "tasks_in_hand", "permitted_until", "problem")
    WORKER_ID_FIELD_NUMBER: _ClassVar[int]
    INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    SDK_VERSION_FIELD_NUMBER: _ClassVar[int]
    REGISTERED_AT_FIELD_NUMBER: _ClassVar[int]
    LAST_SEEN_AT_FIELD_NUMBER: _ClassVar[int]
    LIVE_FIELD_NUMBER: _ClassVar[int]
    TOOLS_FIELD_NUMBER: _ClassVar[int]
    TASKS_IN_HAND_FIELD_NUMBER: _ClassVar[int]
    PERMITTED_UNTIL_FIELD_NUMBER: _ClassVar[int]
    PROBLEM_FIELD_NUMBER: _ClassVar[int]
    worker_id: str
    instance_id: str
    language: str
    sdk_version: str
    registered_at: _timestamp_pb2.Timestamp
    last_seen_at: _timestamp_pb2.Timestamp
    live: bool
    tools: _containers.RepeatedCompositeFieldContainer[RegisteredTool]
    tasks_in_hand: int
    permitted_until: _timestamp_pb2.Timestamp
    problem: str
    def __init__(self, worker_id: _Optional[str] = ..., instance_id: _Optional[str] = ..., language: _Optional[str] = ..., sdk_version: _Optional[str] = ..., registered_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., last_seen_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., live: bool = ..., tools: _Optional[_Iterable[_Union[RegisteredTool, _Mapping]]] = ..., tasks_in_hand: _Optional[int] = ..., permitted_until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., problem: _Optional[str] = ...) -> None: ...

class RegisteredTool(_message.Message):
    __slots__ = ("queue", "name", "approval_required", "once", "probe", "preview", "not_permitted")
    QUEUE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    APPROVAL_REQUIRED_FIELD_NUMBER: _ClassVar[int]
    ONCE_FIELD_NUMBER: _ClassVar[int]
    PROBE_FIELD_NUMBER: _ClassVar[int]
    PREVIEW_FIELD_NUMBER: _ClassVar[int]
    NOT_PERMITTED_FIELD_NUMBER: _ClassVar[int]
    queue: str
    name: str
    approval_required: bool
    once: bool
    probe: bool
    preview: bool
    not_permitted: bool
    def __init__(self, queue: _Optional[str] = ..., name: _Optional[str] = ..., approval_required: bool = ..., once: bool = ..., probe: bool = ..., preview: bool = ..., not_permitted: bool = ...) -> None: ...

class ListedTool(_message.Message):
    __slots__ = ("queue", "name", "worker_ids", "worker_processes", "last_served_at", "approval_required", "once", "preview", "agent_names", "waiting_tasks")
    QUEUE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    WORKER_IDS_FIELD_NUMBER: _ClassVar[int]
    WORKER_PROCESSES_FIELD_NUMBER: _ClassVar[int]
    LAST_SERVED_AT_FIELD_NUMBER: _ClassVar[int]
    APPROVAL_REQUIRED_FIELD_NUMBER: _ClassVar[int]
    ONCE_FIELD_NUMBER: _ClassVar[int]
    PREVIEW_FIELD_NUMBER: _ClassVar[int]
    AGENT_NAMES_FIELD_NUMBER: _ClassVar[int]
    WAITING_TASKS_FIELD_NUMBER: _ClassVar[int]
    queue: str
    name: str
    worker_ids: _containers.RepeatedScalarFieldContainer[str]
    worker_processes: int
    last_served_at: _timestamp_pb2.Timestamp
    approval_required: bool
    once: bool
    preview: bool
    agent_names: _containers.RepeatedScalarFieldContainer[str]
    waiting_tasks: int
    def __init__(self, queue: _Optional[str] = ..., name: _Optional[str] = ..., worker_ids: _Optional[_Iterable[str]] = ..., worker_processes: _Optional[int] = ..., last_served_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., approval_required: bool = ..., once: bool = ..., preview: bool = ..., agent_names: _Optional[_Iterable[str]] = ..., waiting_tasks: _Optional[int] = ...) -> None: ...

class ListWorkersRequest(_message.Message):
    __slots__ = ("page_size", "page_token")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListWorkersResponse(_message.Message):
    __slots__ = ("workers", "next_page_token")
    WORKERS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    workers: _containers.RepeatedCompositeFieldContainer[WorkerProcess]
    next_page_token: str
    def __init__(self, workers: _Optional[_Iterable[_Union[WorkerProcess, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class ListToolsRequest(_message.Message):
    __slots__ = ("page_size", "page_token")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListToolsResponse(_message.Message):
    __slots__ = ("tools", "next_page_token")
    TOOLS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    tools: _containers.RepeatedCompositeFieldContainer[ListedTool]
    next_page_token: str
    def __init__(self, tools: _Optional[_Iterable[_Union[ListedTool, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...
