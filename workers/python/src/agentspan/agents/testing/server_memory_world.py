"""A server whose date the kit moves, as one kit uses it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from datetime import datetime, timedelta
from typing import TypeVar

from agentspan.agents.agent_runtime import AgentRuntime
from agentspan.agents.testing.kit_error import KitError
from agentspan.agents.testing.kit_functions import FunctionsInProgress
from agentspan.agents.testing.kit_tools import KitRuntime
from agentspan.agents.testing.kit_world import FollowedRun, Stuck, UnderWay
from agentspan.agents.testing.server_clock import ClockState
from agentspan.agents.testing.server_time import Progress, SharedTime, Timer
from agentspan.rpc.methods import GET_STATUS
from agentspan.v1 import run_pb2

T = TypeVar("T")

# As far as the server moves its date at once.
_LONGEST = timedelta(days=3_650)
# What comes this soon may still be what ends the wait.
_SOON = timedelta(seconds=5)
# So long, on this machine's clock, functions are waited for where the date is moved whatever they do; and whatever else
# is in progress where a worker is lost.
_SHORT_PATIENCE_S = 0.1
# A server, which does nothing for long by itself, is given more time than a function: it is the machine that is slow.
_SERVER_TAKES_LONGER = 6
_OURS = ("what has happened is read, or decided about",)
# Moves of the date after which nothing will come of them.
_MOST_MOVES = 10_000


class MemoryServerWorld:
    """One kit's part of such a server."""

    def __init__(
        self, *, runtime: KitRuntime, shared: SharedTime, functions: FunctionsInProgress, patience: float
    ) -> None:
        self.runtime: AgentRuntime = runtime
        self._runtime = runtime
        self.under_way = UnderWay()
        self.timers: list[Timer] = []
        self.functions = functions
        self._shared = shared
        #: Seconds of this machine's clock in which something must happen.
        self._patience = patience
        self._runs: list[FollowedRun] = []
        shared.worlds.add(self)

    def follow(self, run: FollowedRun) -> None:
        self._runs.append(run)

    async def now(self) -> datetime:
        return (await self._shared.look()).now

    async def later(self, seconds: float) -> None:
        at = await self.now() + _time(seconds, "after()")
        timer = Timer(at, asyncio.get_running_loop().create_future(), self.under_way)
        self.timers.append(timer)
        self.under_way.end()
        try:
            await timer.come
        except asyncio.CancelledError:
            if timer in self.timers:
                self.timers.remove(timer)
                self.under_way.begin()
            raise

    async def until(self, what: Awaitable[T], stuck: Stuck) -> T:
        task = asyncio.ensure_future(what)
        progress = Progress()
        try:
            while not task.done():
                async with self._shared.moving:
                    moved = await self._move(task, stuck, progress)
                if not moved:
                    await asyncio.wait({task}, timeout=progress.pause)
        finally:
            if not task.done():
                task.cancel()
                await asyncio.wait({task})
        return task.result()

    async def advance(self, seconds: float) -> None:
        shared = self._shared
        target = await self.now() + _time(seconds, "advance()")
        while True:
            async with shared.moving:
                state = await self._rested()
                # What was due by then may not be seen to yet.
                if state.now >= target and (state.next is None or state.next > target):
                    return
                marks = [target, state.next, shared.first_timer, shared.lease_until(state)]
                await shared.advance(min(mark for mark in marks if mark is not None), state)

    async def has_seen_all(self) -> bool:
        for run in self._runs:
            seen = run.seen
            if seen is None:
                continue
            asked = run_pb2.GetStatusRequest(run_id=run.run_id)
            status = (await self.runtime.client.call(GET_STATUS, asked)).status
            if run.seen is not None and status.last_sequence > seen:
                return False
        return True

    async def withdraw(self) -> None:
        await self._runtime.withdraw()
        # The next test is not to meet the gates of this one.
        await self._shared.clock.forget(self._runtime.worker_id)

    async def close(self) -> None:
        self._shared.worlds.discard(self)
        await self.withdraw()
        await self.runtime.shutdown_async(grace=1)

    async def _move(self, task: asyncio.Future[T], stuck: Stuck, progress: Progress) -> bool:
        """Moves the date, where time may pass; whether it did. Raises KitError where nothing comes of that."""
        shared = self._shared
        state = await shared.look()
        progress.look(state)
        if state.busy or not await shared.at_rest():
            lease = shared.lease_until(state)
            waits_for_lease = lease is not None and progress.seconds > _SHORT_PATIENCE_S and not shared.any_function
            if lease is not None and waits_for_lease:
                await shared.advance(lease, state)
            else:
                self._require_progress(progress, state.busy or _OURS)
            return waits_for_lease
        marks = [mark for mark in (state.next, shared.first_timer) if mark is not None]
        if not marks or min(marks) > state.now + _SOON:
            why = await stuck()
            if task.done():
                return False
            if why is not None:
                raise why
        if not marks:
            self._require_progress(progress, ())
            return False
        state = await shared.move_to_next(state)
        if not state.moved:
            return False
        progress.moves += 1
        if progress.moves > _MOST_MOVES:
            raise KitError(f"Time passed until {state.now.isoformat()}, and nothing came of it.")
        return True

    async def _rested(self) -> ClockState:
        """Waits until nothing happens any more by itself, but in functions that take their time."""
        shared = self._shared
        progress = Progress()
        while True:
            state = await shared.look()
            progress.look(state)
            if await shared.at_rest():
                hurried = shared.any_function or shared.lease_until(state) is not None
                if not state.busy or (hurried and progress.seconds > _SHORT_PATIENCE_S):
                    return state
            self._require_progress(progress, state.busy or _OURS)
            await asyncio.sleep(progress.pause)

    def _require_progress(self, progress: Progress, busy: tuple[str, ...]) -> None:
        oldest = self.functions.oldest
        if oldest is not None:
            if oldest.seconds > self._patience:
                raise KitError(
                    f"{oldest.name} has been running for {self._patience:g} s, and nothing else happens. If that is "
                    "what the test is about, move the clock with kit.advance(); if it is only slow, give the kit more "
                    "patience."
                )
            return
        patience = self._patience * (_SERVER_TAKES_LONGER if busy else 1)
        if progress.seconds > patience:
            what = ", ".join(busy) or "nothing is in progress, and nothing is due"
            raise KitError(
                f"Nothing has happened for {patience:g} s: {what}. If it is only slow, give the kit more patience."
            )


def _time(seconds: float, whose: str) -> timedelta:
    if seconds <= _LONGEST.total_seconds():
        return timedelta(seconds=seconds)
    raise KitError(f"{whose} asks for {seconds / 86_400:g} days: at most {_LONGEST.days}, which are ten years.")
