"""The tasks that a worker has in hand, and the room for more."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

from agentspan.agents.tool import Tool
from agentspan.agents.within import within
from agentspan.v1 import worker_pb2
from agentspan.worker.probe_run import run_probe
from agentspan.worker.task_in_hand import TaskInHand, attempt_key, task_in_hand
from agentspan.worker.task_message import TaskMessage
from agentspan.worker.task_run import run_task
from agentspan.worker.worker_parts import WorkerEndedError, WorkerParts, logger, said

# A hint waits so long for room here before another worker may have it.
_ROOM_WAIT_S = 1.0


class TaskDesk:
    """Whoever waits for room is served in order."""

    def __init__(self, concurrency: int, *, on_room: Callable[[], None]) -> None:
        self._concurrency = concurrency
        self._taken = 0
        self._slots = asyncio.Semaphore(concurrency)
        self._on_room = on_room
        self._in_hand: dict[str, TaskInHand] = {}
        self._running: set[asyncio.Task[None]] = set()

    @property
    def room(self) -> int:
        """How many more may begin; hints that wait for room count as if they had."""
        return max(0, self._concurrency - self._taken)

    def in_hand(self) -> list[TaskInHand]:
        """Claims in flight included."""
        return list(self._in_hand.values())

    def take(self, parts: WorkerParts, tool: Tool[..., Any], message: TaskMessage) -> None:
        """Takes a hint as far as it goes: to the answered outcome of its task, or back to the server."""
        # Counted at once: whoever asks for more in the next moment asks for no more than there is room for.
        self._taken += 1
        task = asyncio.get_running_loop().create_task(self._take(parts, tool, message))
        self._running.add(task)
        task.add_done_callback(self._left)

    def _left(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._taken -= 1
        self._on_room()

    async def idle(self) -> None:
        """Resolves when nothing is in hand and no hint waits."""
        while self._running:
            await asyncio.wait(self._running)

    def cancel(self, tasks: Iterable[TaskInHand], why: str) -> None:
        """Tells functions to end."""
        for task in tasks:
            task.cancelled.set(why)

    async def _take(self, parts: WorkerParts, tool: Tool[..., Any], message: TaskMessage) -> None:
        hint = message.hint
        if hint is None:
            logger.error("A message in the task stream is no task hint; dropped it  tool=%s", tool.name)
            message.drop()
            return
        try:
            await within(_ROOM_WAIT_S, self._slots.acquire(), discard=lambda _: self._slots.release())
        except asyncio.TimeoutError:
            message.give_back()
            return
        try:
            if parts.draining.is_set():
                message.give_back()
            elif not self._joined(hint, tool, message):
                await self._run(parts, task_in_hand(hint, tool, message))
        finally:
            self._slots.release()

    def _joined(self, hint: worker_pb2.TaskHint, tool: Tool[..., Any], message: TaskMessage) -> bool:
        """Whether the hint is about something that is in hand already: that one's claim speaks for it."""
        known = self._in_hand.get(attempt_key(hint))
        # Once its preview is answered, the attempt itself may be announced before this worker has heard of that.
        if known is None or known.looks:
            return False
        probing = self._in_hand.get(_probe_key(hint))
        # What runs here is announced again: its time may be over, and its probe be asked.
        if known.begun and tool.probe is not None and probing is None:
            return False
        (probing or known).join(message)
        return True

    async def _run(self, parts: WorkerParts, task: TaskInHand) -> None:
        known = self._in_hand.get(task.key)
        if known is not None and known.looks:
            self._in_hand[f"{task.key}/{known.nonce}"] = known
        runs = known is not None and not known.looks
        self._in_hand[_probe_key(task) if runs else task.key] = task
        try:
            await (run_probe if runs else run_task)(parts, task)
        except WorkerEndedError as error:
            logger.error("A task was left unanswered: %s  %s", error, said(task.fields))
        except Exception:  # noqa: BLE001 - it is logged, with all that is known of it
            # Whatever can go on goes on: the server finds out about this one.
            logger.exception("A task was left unanswered  %s", said(task.fields))
        finally:
            for key, held in list(self._in_hand.items()):
                if held is task:
                    del self._in_hand[key]


def _probe_key(of: TaskInHand | worker_pb2.TaskHint) -> str:
    """Its place in hand beside the attempt itself."""
    return f"{attempt_key(of)}/probe"
