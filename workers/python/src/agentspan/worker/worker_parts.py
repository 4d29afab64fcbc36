"""What each step of a task's life needs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from agentspan.worker.clock import Clock
from agentspan.worker.test_hooks import NO_HOOKS, WorkerTestHooks

if TYPE_CHECKING:
    from agentspan.signing.trusted_keys import TrustedKeys
    from agentspan.v1 import worker_pb2
    from agentspan.worker.nats_link import NatsLink
    from agentspan.worker.tool_runner import ToolRunner

logger = logging.getLogger("agentspan.worker")
"""Where workers log: one line for each decision, never an argument or a result of a tool."""


@dataclass(frozen=True)
class WorkerIdentity:
    """Who speaks, in every request."""

    worker_id: str
    #: Fresh for each start: leases hang on it.
    incarnation: str
    namespace: str

    @property
    def fields(self) -> dict[str, Any]:
        """As the messages name them."""
        return {"worker_id": self.worker_id, "incarnation": self.incarnation, "namespace": self.namespace}


@dataclass(frozen=True)
class WorkerParts:
    """What each step of a task's life needs."""

    identity: WorkerIdentity
    link: NatsLink
    runner: ToolRunner
    clock: Clock
    #: Whose signatures on grants count; None where they are not signed.
    trusted_keys: TrustedKeys | None
    #: That this worker may serve its tools; None where nobody asks.
    permit: worker_pb2.WorkerPermit | None
    #: In the background: the server has forgotten this worker, or may have.
    register_soon: Callable[[], None]
    #: Resolves when the server knows what is served here; also while the worker shuts down. Raises where it refuses.
    register_now: Callable[[], Awaitable[None]]
    #: For tests only.
    hooks: WorkerTestHooks = NO_HOOKS
    #: Nothing new begins any more.
    draining: asyncio.Event = field(default_factory=asyncio.Event)
    #: Shutdown waits no longer: what is still unanswered stays so.
    ended: asyncio.Event = field(default_factory=asyncio.Event)


class WorkerEndedError(Exception):
    """The worker has shut down before the server answered."""


def said(fields: dict[str, Any]) -> str:
    """Fields, at the end of a line of a log."""
    return " ".join(f"{name}={value}" for name, value in fields.items())
