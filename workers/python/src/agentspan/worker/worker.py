"""Serves the tools of agents from this process: one connection, one identity, one room for all of them."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from agentspan.agents.agent import Agent
from agentspan.agents.errors import AgentspanError
from agentspan.rpc.run_client import backoff
from agentspan.v1 import worker_pb2
from agentspan.worker.ask_until_answered import pause
from agentspan.worker.clock import Clock
from agentspan.worker.heartbeat import beat
from agentspan.worker.nats_link import NatsLink
from agentspan.worker.register import register
from agentspan.worker.served_tools import ServedTool, ServedTools
from agentspan.worker.task_desk import TaskDesk
from agentspan.worker.task_pull import TaskPull
from agentspan.worker.test_hooks import NO_HOOKS, WorkerTestHooks
from agentspan.worker.tool_runner import ToolRunner
from agentspan.worker.worker_parts import WorkerEndedError, WorkerIdentity, WorkerParts, logger, said

if TYPE_CHECKING:
    from agentspan.signing.trusted_keys import TrustedKeys
    from agentspan.worker.worker_credentials import WorkerCredentials

_DEFAULT_HEARTBEAT_S = 3.0
# Two registrations that nobody waits for are so far apart.
_REGISTER_EVERY_S = 2.0
# After the grace, for functions to heed that they are told, and for last answers.
_LAST_WORDS_S = 3.0


class Worker:
    """Lives in the event loop of the network; its methods are awaited there."""

    def __init__(
        self,
        *,
        nats_url: str,
        worker_id: str,
        namespace: str,
        concurrency: int,
        trusted_keys: TrustedKeys | None,
        credentials: WorkerCredentials | None = None,
        clock: Clock | None = None,
        hooks: WorkerTestHooks = NO_HOOKS,
    ) -> None:
        self._nats_url = nats_url
        self._identity = WorkerIdentity(worker_id, uuid.uuid4().hex, namespace)
        self._trusted_keys = trusted_keys
        self._credentials = credentials
        self._clock = clock or Clock()
        self._hooks = hooks
        self._runner = ToolRunner()
        self._tools = ServedTools()
        self._desk = TaskDesk(concurrency, on_room=self._wake_pulls)
        self._pulls: list[TaskPull] = []
        self._heartbeat = _DEFAULT_HEARTBEAT_S
        self._parts: WorkerParts | None = None
        self._connecting = asyncio.Lock()
        self._registering = asyncio.Lock()
        self._registered_version = 0
        self._registered_at = float("-inf")
        self._register_again: asyncio.Task[None] | None = None
        self._beating: asyncio.Task[None] | None = None
        self._ending: asyncio.Task[None] | None = None

    def run_async_tools_in(self, loop: asyncio.AbstractEventLoop) -> None:
        """Async tools run there while it runs, and in a loop of the SDK's own otherwise."""
        self._runner.loop = loop

    async def serve(self, agents: Sequence[Agent], *, patience: float, first_contact: float) -> None:
        """Resolves when the server knows that these agents' tools are served here.

        Raises BUS_UNAVAILABLE where it could not be told within the patience (`first_contact` for NATS, where that has
        not been reached yet; both in seconds), or the server's reason where it refuses.
        """
        if self._ending is not None:
            raise AgentspanError("INVALID_REQUEST", "This worker has been shut down; make another runtime.")
        async with self._connecting:
            if self._parts is None:
                self._parts = await self._connect(first_contact)
        parts = self._parts
        self._tools.add(agents)
        version = self._tools.version
        await self._register(parts, patience, lambda: self._registered_version < version)

    async def shutdown(self, grace: float) -> None:
        """Takes nothing new, hands back what has not begun, lets running functions finish within the grace.

        Then tells them to end; reports what is done, and closes. A guarded call that is cut off opens a settlement.
        """
        if self._ending is None:
            self._ending = asyncio.get_running_loop().create_task(self._end(grace))
        await asyncio.shield(self._ending)

    async def _end(self, grace: float) -> None:
        async with self._connecting:
            parts = self._parts
        # A connection that never came has nothing to close; serve has told why.
        if parts is None:
            return
        parts.draining.set()
        if self._register_again is not None:
            self._register_again.cancel()
        await asyncio.gather(*(pull.close() for pull in self._pulls))
        await self._drain(grace)
        for task in self._desk.in_hand():
            logger.error("Shut down with a task in hand  %s", said({**task.fields, "begun": task.begun}))
        parts.ended.set()
        if self._beating is not None:
            await self._beating
        await parts.link.close()

    async def _drain(self, grace: float) -> None:
        idle = asyncio.ensure_future(self._desk.idle())
        try:
            done, _ = await asyncio.wait({idle}, timeout=grace)
            if not done:
                self._desk.cancel(self._desk.in_hand(), "The worker is shutting down.")
                await asyncio.wait({idle}, timeout=_LAST_WORDS_S)
        finally:
            idle.cancel()

    async def _connect(self, patience: float) -> WorkerParts:
        credentials = self._credentials
        user = None if credentials is None else credentials.user
        link = await NatsLink.open(self._nats_url, self._identity.worker_id, patience, user)
        link.on_reconnect = self._on_reconnect
        return WorkerParts(
            identity=self._identity,
            link=link,
            runner=self._runner,
            clock=self._clock,
            trusted_keys=self._trusted_keys,
            permit=None if credentials is None else credentials.permit,
            register_soon=self._register_soon,
            register_now=self._register_now,
            hooks=self._hooks,
        )

    def _on_reconnect(self) -> None:
        for pull in self._pulls:
            pull.restart()
        self._register_soon()

    async def _register(self, parts: WorkerParts, patience: float, needed: Callable[[], bool]) -> None:
        """One at a time; not at all where, once its turn has come, it is not needed any more."""
        async with self._registering:
            if not needed():
                return
            version = self._tools.version
            tools = self._tools.list()
            answer = await register(parts, tools, patience, parts.draining)
            await self._pull_from(parts, tools, answer)
            self._registered_version = version
            self._registered_at = time.monotonic()
            self._compare_keys(answer.key_ids)
            served = ", ".join(f"{one.queue}/{one.tool.name}" for one in tools)
            logger.info("Serving tools  %s", said({"worker_id": self._identity.worker_id, "tools": served}))
            if self._beating is None:
                self._beating = asyncio.get_running_loop().create_task(self._beat(parts))

    def _compare_keys(self, key_ids: Sequence[str]) -> None:
        """What a server says of its keys proves nothing; that they are others is worth a word before the first call."""
        trusted = self._trusted_keys
        if trusted is None or any(trusted.has("orchestrators", key_id) for key_id in key_ids):
            return
        why = f"the server signs with {', '.join(key_ids)}" if key_ids else "the server does not sign"
        logger.error("No call can begin here: the server has no key of the trusted ones  why=%s", why)

    async def _register_now(self) -> None:
        """In its turn, so that no older registration comes behind a newer one."""
        parts = self._parts
        if parts is not None:
            async with self._registering:
                await register(parts, self._tools.list(), float("inf"), parts.ended)

    def _register_soon(self) -> None:
        """Registers in the background: the server has forgotten this worker, or may have."""
        parts = self._parts
        waiting = self._register_again is not None and not self._register_again.done()
        if parts is None or waiting or parts.draining.is_set():
            return
        self._register_again = asyncio.get_running_loop().create_task(self._again(parts))

    async def _again(self, parts: WorkerParts) -> None:
        wait = max(0.0, self._registered_at + _REGISTER_EVERY_S - time.monotonic())
        await pause(wait + backoff(1, 0.2, 0.2), parts.draining)
        if parts.draining.is_set():
            return
        # From here on another wish is one for the time after this registration.
        self._register_again = None
        try:
            await self._register(parts, float("inf"), lambda: True)
        except AgentspanError as error:
            logger.error("Registering again failed: %s", error)
        except WorkerEndedError:
            logger.debug("Shut down before it was registered again")

    async def _pull_from(
        self, parts: WorkerParts, tools: Sequence[ServedTool], answer: worker_pb2.RegisterResponse
    ) -> None:
        if answer.HasField("heartbeat_interval"):
            self._heartbeat = answer.heartbeat_interval.ToTimedelta().total_seconds()
        known = {pull.consumer: pull for pull in self._pulls}
        pulls: list[TaskPull] = []
        for served, consumer in zip(tools, answer.consumers, strict=False):
            pull = known.pop(consumer, None)
            if pull is None:
                pull = self._pull(parts, served, answer.stream, consumer)
                await pull.open()
            pulls.append(pull)
        self._pulls = pulls
        self._wake_pulls()
        await asyncio.gather(*(pull.close() for pull in known.values()))

    def _pull(self, parts: WorkerParts, served: ServedTool, stream: str, consumer: str) -> TaskPull:
        return TaskPull(
            parts.link,
            stream,
            consumer,
            # The room is shared by all tools' requests; each may ask for one, so that no tool starves.
            batch=lambda: 0 if self._desk.room == 0 else max(1, self._desk.room // max(1, len(self._pulls))),
            on_task=lambda message: self._desk.take(parts, self._tools.current(served), message),
            on_missing=self._register_soon,
        )

    def _wake_pulls(self) -> None:
        if self._parts is not None and not self._parts.draining.is_set():
            for pull in self._pulls:
                pull.wake()

    async def _beat(self, parts: WorkerParts) -> None:
        def on_answer(answer: worker_pb2.HeartbeatResponse) -> None:
            stopped = [task for task in self._desk.in_hand() if task.nonce in answer.stop]
            self._desk.cancel(stopped, "The server asked to stop this call.")
            if answer.register:
                self._register_soon()

        await beat(parts, interval=lambda: self._heartbeat, in_hand=self._desk.in_hand, on_answer=on_answer)
