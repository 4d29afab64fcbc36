"""The threads of this process that wait for the network and run async tools, so that programs need no event loop.

A process that forks has none of them in the child, and what it inherited of them must not be used there: the parent
speaks over those connections. So the child closes its copies of their sockets, without a word on them, and makes
everything anew when it first needs it.
"""

from __future__ import annotations

import asyncio
import atexit
import concurrent.futures
import os
import threading
import weakref
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

# How long the end of the process waits for what does not heed its cancellation.
_STOP_S = 2.0


class BackgroundLoop:
    """An event loop in a thread of its own, which keeps no process alive."""

    def __init__(self, name: str) -> None:
        self._loop = _Loop()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The loop itself, for what must be called in it."""
        return self._loop

    def submit(self, coroutine: Coroutine[Any, Any, T]) -> concurrent.futures.Future[T]:
        """Runs it there."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop)

    def wait(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Runs it there and blocks this thread meanwhile; what interrupts the wait cancels it."""
        if threading.current_thread() is self._thread:
            coroutine.close()
            raise RuntimeError("This call would wait for itself. Await its twin, whose name ends in _async.")
        future = self.submit(coroutine)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    async def wait_async(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """The same from any event loop, without blocking it."""
        return await asyncio.wrap_future(self.submit(coroutine))

    def close_inherited_sockets(self) -> None:
        """In a child process: closes this process's copies. Nothing is sent, and the parent's stay open."""
        self._loop.close_inherited_sockets()

    def stop(self) -> None:
        """Cancels what runs there, and ends the thread."""
        self.submit(_cancel_others()).add_done_callback(lambda _: self._loop.call_soon_threadsafe(self._loop.stop))
        self._thread.join(_STOP_S)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()


async def _cancel_others() -> None:
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


class _Loop(asyncio.SelectorEventLoop):
    """Knows the sockets of its connections."""

    def __init__(self) -> None:
        super().__init__()
        self._connections: weakref.WeakSet[asyncio.Transport] = weakref.WeakSet()

    async def create_connection(self, *args: Any, **kwargs: Any) -> Any:
        transport, protocol = await super().create_connection(*args, **kwargs)
        self._connections.add(transport)
        return transport, protocol

    def close_inherited_sockets(self) -> None:
        for transport in list(self._connections):
            held = transport.get_extra_info("socket")
            number = -1 if held is None else held.fileno()
            if number >= 0:
                # By its number: through the loop it would be taken out of the parent's selector too, which is shared.
                os.close(number)


_lock = threading.Lock()
_loops: dict[str, BackgroundLoop] = {}
# Kept for ever: what the parent's threads left half done is not to be cleaned up here.
_inherited: list[object] = []


def network_loop() -> BackgroundLoop:
    """Where this process waits for the network. No function of an author's runs there."""
    return _loop_of("network")


def tool_loop() -> BackgroundLoop:
    """Where async tools run: one that blocks holds up others like it, and no heartbeat."""
    return _loop_of("tools")


def _loop_of(name: str) -> BackgroundLoop:
    with _lock:
        if name not in _loops:
            if not _loops:
                # What is registered later ends earlier: whoever needs the loops in the end has them still.
                atexit.register(_stop_all)
            _loops[name] = BackgroundLoop(f"agentspan-{name}")
        return _loops[name]


def _stop_all() -> None:
    while _loops:
        _loops.popitem()[1].stop()


def _after_fork_in_child() -> None:
    global _lock  # Another thread of the parent may have held it.
    _lock = threading.Lock()
    for loop in _loops.values():
        loop.close_inherited_sockets()
        _inherited.append(loop)
    _loops.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
