"""The functions of whoever wrote the test, as long as they run: tools, turns of the model, decisions.

Time stands still for them.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import inspect
import itertools
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from agentspan.agents.background import tool_loop

A = TypeVar("A")
T = TypeVar("T")


@dataclass(frozen=True)
class Running:
    """A function that has not ended."""

    name: str
    #: So many seconds ago it began.
    seconds: float


class FunctionsInProgress:
    """Counted by whatever thread calls them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ids = itertools.count()
        #: By the monotonic clock, oldest first.
        self._running: dict[int, tuple[str, float]] = {}
        #: The worker of one of them was lost, as the test wants it; until somebody has taken note.
        self.lost_a_worker = False

    @contextmanager
    def running(self, name: str) -> Iterator[None]:
        """While one runs."""
        with self._lock:
            number = next(self._ids)
            self._running[number] = (name, time.monotonic())
        try:
            yield
        finally:
            with self._lock:
                del self._running[number]

    @property
    def oldest(self) -> Running | None:
        """The one that has run longest; None where none runs."""
        with self._lock:
            first = next(iter(self._running.values()), None)
        return None if first is None else Running(first[0], time.monotonic() - first[1])


def call_here(function: Callable[[A], T | Awaitable[T]], given: A) -> T:
    """Calls a sync or async function of the test from a thread that may block. No event loop may call this."""
    value: Any = function(given)
    said: T = call_awaited(value) if inspect.isawaitable(value) else value
    return said


def call_awaited(value: Awaitable[T]) -> T:
    """Awaits it for a thread that may block."""
    return tool_loop().wait(_awaited(value))


async def call_aside(function: Callable[[A], T | Awaitable[T]], given: A) -> T:
    """The same from an event loop, without blocking it."""
    done: concurrent.futures.Future[T] = concurrent.futures.Future()

    def work() -> None:
        try:
            done.set_result(call_here(function, given))
        except BaseException as error:  # noqa: BLE001 - whatever an author's code raises is told to whoever waits
            done.set_exception(error)

    threading.Thread(target=work, name="agentspan-kit", daemon=True).start()
    return await asyncio.wrap_future(done)


async def _awaited(value: Awaitable[T]) -> T:
    return await value
