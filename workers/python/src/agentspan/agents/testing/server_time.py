"""The date of a server in memory, for all the kits on it. What it keeps:

1. Time passes only where nothing is in progress: the server says so, and the kits on it have read every event of their
   runs and have no decision of their scripts under way.
2. A move names the state that was looked at. What has changed meanwhile is looked at again.
3. No move goes past what a script has written down for a time.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from agentspan.agents.testing.kit_functions import FunctionsInProgress
from agentspan.agents.testing.kit_world import UnderWay
from agentspan.agents.testing.server_clock import ClockState, ServerClock

LEASE = timedelta(seconds=10)
"""So long the server believes that a worker is there which shows no life."""

_LOOK_S = 0.002
_LOOK_AT_LEAST_EVERY_S = 0.02


@dataclass(eq=False)
class Timer:
    """Something that a script has written down for a time."""

    at: datetime
    come: asyncio.Future[None]
    under_way: UnderWay


class TimedWorld(Protocol):
    """One kit's part of a server."""

    timers: list[Timer]
    functions: FunctionsInProgress
    under_way: UnderWay

    async def has_seen_all(self) -> bool:
        """Whether every event of its runs was read."""


class SharedTime:
    """For one event loop."""

    def __init__(self, clock: ServerClock) -> None:
        self.clock = clock
        #: Held by whoever moves the date.
        self.moving = asyncio.Lock()
        self.worlds: set[TimedWorld] = set()
        #: From when on a worker of the kits is known to be lost; None where none is.
        self._lost_since: datetime | None = None

    async def look(self) -> ClockState:
        """How it stands. Goes on with what has come by now."""
        state = await self.clock.read()
        self._note(state)
        return state

    async def move_to_next(self, seen: ClockState) -> ClockState:
        """Moves the date to what comes next, of the server or of a script, unless something has changed since."""
        state = await self.clock.move_to_next(seen.commits, self.first_timer)
        self._note(state)
        return state

    async def advance(self, to: datetime, seen: ClockState) -> ClockState:
        """Moves the date there, whatever workers have in hand."""
        # Up: what is due at a date is due when that has come.
        state = await self.clock.advance(max(1, -(-(to - seen.now) // timedelta(milliseconds=1))))
        self._note(state)
        return state

    @property
    def first_timer(self) -> datetime | None:
        """When the first of what scripts have written down comes."""
        return min((timer.at for world in self.worlds for timer in world.timers), default=None)

    @property
    def any_function(self) -> bool:
        """Whether a function of a test runs."""
        return any(world.functions.oldest is not None for world in self.worlds)

    def lease_until(self, state: ClockState) -> datetime | None:
        """When the lease of a lost worker ends; None where none is lost, or it is over."""
        end = None if self._lost_since is None else self._lost_since + LEASE
        return end if end is not None and end > state.now else None

    async def at_rest(self) -> bool:
        """Whether no kit has anything to read or to do."""
        for world in list(self.worlds):
            if world.under_way.any or not await world.has_seen_all():
                return False
        return True

    def _note(self, state: ClockState) -> None:
        for world in self.worlds:
            for timer in [one for one in world.timers if one.at <= state.now]:
                world.timers.remove(timer)
                if not timer.come.done():
                    # Before it goes on by itself: nothing may move meanwhile.
                    timer.under_way.begin()
                    timer.come.set_result(None)
            if world.functions.lost_a_worker:
                world.functions.lost_a_worker = False
                self._lost_since = state.now


class Progress:
    """Since when nothing has happened, by this machine's clock."""

    def __init__(self) -> None:
        self._commits = -1
        self._since = time.monotonic()
        self._looks = 0
        #: Of the date.
        self.moves = 0
        self._moves_before = 0

    @property
    def seconds(self) -> float:
        """For how long."""
        return time.monotonic() - self._since

    @property
    def pause(self) -> float:
        """Until it is looked at again."""
        return min(_LOOK_S * 2.0**self._looks, _LOOK_AT_LEAST_EVERY_S)

    def look(self, state: ClockState) -> None:
        """Compares it with what was there before."""
        if state.commits == self._commits and self.moves == self._moves_before:
            self._looks = min(self._looks + 1, 10)
            return
        self._commits, self._moves_before = state.commits, self.moves
        self._since = time.monotonic()
        self._looks = 0
