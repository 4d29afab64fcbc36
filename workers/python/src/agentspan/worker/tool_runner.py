"""Where functions of authors run: sync ones in threads, async ones in an event loop, none in that of the network."""

from __future__ import annotations

import asyncio
import concurrent.futures
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from agentspan.agents.background import tool_loop
from agentspan.agents.tool_context import Cancellation
from agentspan.agents.tool_function import ToolFunction


@dataclass(frozen=True)
class Returned:
    """The function returned this."""

    value: Any


@dataclass(frozen=True)
class Raised:
    """The function raised this."""

    error: BaseException


Ran: TypeAlias = Returned | Raised

MayBegin: TypeAlias = Callable[[], bool]
"""Asked right before the function is called, where it runs: whether it may still begin."""


class CancelledToolError(Exception):
    """An async tool ended because it was told to."""


class ToolRunner:
    """Runs as many functions at once as it is given."""

    def __init__(self) -> None:
        self._threads = _Threads()
        #: Where async functions run; a loop of the SDK's own where it is None or has ended.
        self.loop: asyncio.AbstractEventLoop | None = None

    async def run(
        self,
        function: ToolFunction,
        arguments: dict[str, Any],
        context: object,
        *,
        may_begin: MayBegin = lambda: True,
        cancels: Cancellation | None = None,
    ) -> Ran | None:
        """What became of it; None where it was not begun. `cancels` cancels an async function once it is set."""
        if function.is_async:
            calling = _call_async(function, arguments, context, may_begin, cancels)
            return await asyncio.wrap_future(self._submit(calling))

        def call() -> Ran | None:
            if not may_begin():
                return None
            try:
                return Returned(function.call(arguments, context))
            except BaseException as error:  # noqa: BLE001 - whatever an author's code raises is the call's outcome
                return Raised(error)

        return await asyncio.wrap_future(self._threads.submit(call))

    def _submit(self, calling: Any) -> concurrent.futures.Future[Ran | None]:
        loop = self.loop
        if loop is not None and loop.is_running():
            return asyncio.run_coroutine_threadsafe(calling, loop)
        return tool_loop().submit(calling)


async def _call_async(
    function: ToolFunction,
    arguments: dict[str, Any],
    context: object,
    may_begin: MayBegin,
    cancels: Cancellation | None,
) -> Ran | None:
    if not may_begin():
        return None
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    if cancels is not None and task is not None:
        cancels.add_callback(lambda: loop.call_soon_threadsafe(task.cancel))
    try:
        return Returned(await function.call(arguments, context))
    except asyncio.CancelledError:
        if cancels is not None and cancels.is_set():
            return Raised(CancelledToolError(cancels.why))
        return Raised(CancelledToolError("The event loop of the tool has ended."))
    except BaseException as error:  # noqa: BLE001 - SystemExit too would end the loop, and all that runs in it
        return Raised(error)


class _Threads:
    """Threads that keep no process alive: whoever ends it waits for what has begun, and for nothing else."""

    def __init__(self) -> None:
        self._jobs: queue.SimpleQueue[tuple[Callable[[], Any], concurrent.futures.Future[Any]]] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._idle = 0

    def submit(self, job: Callable[[], Any]) -> concurrent.futures.Future[Any]:
        future: concurrent.futures.Future[Any] = concurrent.futures.Future()
        with self._lock:
            self._jobs.put((job, future))
            if self._idle > 0:
                self._idle -= 1
                return future
        threading.Thread(target=self._work, name="agentspan-tool", daemon=True).start()
        return future

    def _work(self) -> None:
        while True:
            job, future = self._jobs.get()
            if future.set_running_or_notify_cancel():
                future.set_result(job())
            with self._lock:
                self._idle += 1
