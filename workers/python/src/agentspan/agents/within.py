"""Waiting with a limit.

asyncio.wait_for, before Python 3.12, returns a result that comes at the instant of a cancellation, and the cancellation
is lost: what should have ended goes on for ever.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


async def within(
    seconds: float | None, awaitable: Awaitable[T], *, discard: Callable[[T], object] = lambda _: None
) -> T:
    """The result of it. Raises TimeoutError (asyncio's) where it takes longer, and cancels it then.

    `discard` is given a result that came although nobody waits for it any more.
    """
    task = asyncio.ensure_future(awaitable)
    try:
        await asyncio.wait({task}, timeout=seconds)
        if not task.done():
            task.cancel()
            await asyncio.wait({task})
    except asyncio.CancelledError:
        task.add_done_callback(lambda done: _throw_away(done, discard))
        task.cancel()
        raise
    if task.cancelled():
        raise asyncio.TimeoutError
    return task.result()


def _throw_away(done: asyncio.Future[T], discard: Callable[[T], object]) -> None:
    if not done.cancelled() and done.exception() is None:
        discard(done.result())
