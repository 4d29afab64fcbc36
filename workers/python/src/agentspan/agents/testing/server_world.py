"""A server that is there: its clock is real, and so is what a test waits for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from datetime import datetime, timezone
from typing import TypeVar

from agentspan.agents.agent_runtime import AgentRuntime
from agentspan.agents.testing.kit_error import KitError
from agentspan.agents.testing.kit_tools import KitRuntime
from agentspan.agents.testing.kit_world import FollowedRun, Stuck, UnderWay

T = TypeVar("T")

# What real time a test may let pass.
_LONGEST_WAIT_S = 60.0
# How often it is asked whether anything can still happen.
_LOOK_S = 1.0


class ServerWorld:
    """One kit's part of it."""

    def __init__(self, *, runtime: KitRuntime, patience: float) -> None:
        self.runtime: AgentRuntime = runtime
        self._runtime = runtime
        self.under_way = UnderWay()
        #: Seconds until a run has ended, or waits.
        self._patience = patience

    def follow(self, run: FollowedRun) -> None:
        """Time passes by itself."""

    async def now(self) -> datetime:
        return datetime.now(timezone.utc)

    async def later(self, seconds: float) -> None:
        await asyncio.sleep(_real_time(seconds, "after()"))

    async def until(self, what: Awaitable[T], stuck: Stuck) -> T:
        task = asyncio.ensure_future(what)
        begun = time.monotonic()
        said_before = False
        try:
            while True:
                await asyncio.wait({task}, timeout=_LOOK_S)
                why = None if task.done() else await stuck()
                if task.done():
                    return task.result()
                # What was asked and what the run's events tell may be of different moments: it counts where it stays.
                if why is not None and said_before:
                    raise why
                said_before = why is not None
                if time.monotonic() - begun > self._patience:
                    raise KitError(f"The server took longer than {self._patience:g} s. Give the kit more patience.")
        finally:
            if not task.done():
                task.cancel()
                await asyncio.wait({task})

    async def advance(self, seconds: float) -> None:
        await asyncio.sleep(_real_time(seconds, "advance()"))

    async def withdraw(self) -> None:
        await self._runtime.withdraw()

    async def close(self) -> None:
        await self.runtime.shutdown_async(grace=1)


def _real_time(seconds: float, whose: str) -> float:
    if seconds <= _LONGEST_WAIT_S:
        return seconds
    raise KitError(
        f"{whose} asks for {round(seconds)} s, and a server's clock is real: at most {_LONGEST_WAIT_S:g} s there. "
        "Longer times pass in the kit that memory_kit() makes."
    )
