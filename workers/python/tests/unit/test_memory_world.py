"""How a kit lets time pass on a server in memory: by a clock of the same answers, which the test tells what to say."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta, timezone
from types import SimpleNamespace
from typing import Any

import pytest

from agentspan.agents.testing import KitError
from agentspan.agents.testing.kit_functions import FunctionsInProgress
from agentspan.agents.testing.server_clock import ClockState
from agentspan.agents.testing.server_memory_world import MemoryServerWorld
from agentspan.agents.testing.server_time import SharedTime
from agentspan.v1 import run_pb2

BEGIN = datetime(2026, 3, 1, tzinfo=timezone.utc)
DAY = timedelta(days=1)


class FakeClock:
    """Stands still, and moves as a server's does."""

    def __init__(self) -> None:
        self.now = BEGIN
        self.dates: list[datetime] = []
        self.busy: tuple[str, ...] = ()
        self.commits = 1
        self.moves: list[datetime] = []
        #: Called at each look.
        self.on_read: Callable[[], object] = lambda: None

    async def read(self) -> ClockState:
        self.on_read()
        return self._state(moved=False)

    async def move_to_next(self, commits: int, not_after: datetime | None) -> ClockState:
        await asyncio.sleep(0)
        dates = [*self.dates, *([] if not_after is None else [not_after])]
        if self.busy or commits != self.commits or not dates:
            return self._state(moved=False)
        self._to(min(dates))
        return self._state(moved=True)

    async def advance(self, milliseconds: int) -> ClockState:
        self._to(self.now + timedelta(milliseconds=milliseconds))
        return self._state(moved=False)

    async def forget(self, worker_id: str) -> None:
        """Nothing is known here."""

    def _to(self, date: datetime) -> None:
        self.now = max(self.now, date)
        self.dates = [one for one in self.dates if one > self.now]
        self.moves.append(self.now)

    def _state(self, *, moved: bool) -> ClockState:
        return ClockState(self.now, min(self.dates, default=None), self.busy, self.commits, moved)


class FakeRuntime:
    """Knows how far its one run has come."""

    worker_id = "kit-1"

    def __init__(self) -> None:
        self.last_sequence = 0
        self.client = self

    async def call(self, *_: object) -> Any:
        status = run_pb2.RunStatus(last_sequence=self.last_sequence)
        return SimpleNamespace(status=status)

    async def withdraw(self) -> None:
        """Serves nothing."""

    async def shutdown_async(self, **_: object) -> None:
        """Has nothing open."""


class Stage:
    """A kit's part of a server, with one run of which everything was read."""

    def __init__(self, *, patience: float = 30.0, shared: SharedTime | None = None) -> None:
        self.clock = FakeClock()
        self.runtime = FakeRuntime()
        self.functions = FunctionsInProgress()
        self.shared = shared or SharedTime(self.clock)  # type: ignore[arg-type]
        self.world = MemoryServerWorld(
            runtime=self.runtime,  # type: ignore[arg-type]
            shared=self.shared,
            functions=self.functions,
            patience=patience,
        )
        self.run = SimpleNamespace(run_id="run_1", seen=0)
        self.world.follow(self.run)
        self.done = asyncio.Event()

    def until(self, stuck: Callable[[], Awaitable[KitError | None]] | None = None) -> Awaitable[Any]:
        async def never() -> KitError | None:
            return None

        return self.world.until(self.done.wait(), stuck or never)

    def after(self, looks: int, act: Callable[[], object]) -> None:
        """Does something at a look of the clock, and ends what is waited for some looks later."""
        count = 0

        def on_read() -> None:
            nonlocal count
            count += 1
            if count == looks:
                act()

        self.clock.on_read = on_read


def run(test: Callable[[], Awaitable[None]]) -> None:
    async def limited() -> None:
        await asyncio.wait_for(test(), 60)

    asyncio.run(limited())


def test_moves_to_what_comes_next_and_on_until_it_is_done() -> None:
    async def test() -> None:
        stage = Stage()
        stage.clock.dates = [BEGIN + 30 * DAY, BEGIN + 2 * DAY]
        stage.after(3, stage.done.set)
        await stage.until()
        assert stage.clock.moves == [BEGIN + 2 * DAY, BEGIN + 30 * DAY]

    run(test)


@pytest.mark.parametrize("what", ["busy", "unseen", "deciding"])
def test_moves_nothing_while_the_server_or_the_kit_has_something_to_do(what: str) -> None:
    async def test() -> None:
        stage = Stage()
        stage.clock.dates = [BEGIN + DAY]
        moved_at: list[int] = []

        def begin(on: bool) -> None:
            if what == "busy":
                stage.clock.busy = ("a model call",) if on else ()
            elif what == "unseen":
                stage.runtime.last_sequence, stage.run.seen = (2, 1) if on else (2, 2)
            elif on:
                stage.world.under_way.begin()
            else:
                stage.world.under_way.end()

        looks = 0

        def on_read() -> None:
            nonlocal looks
            looks += 1
            moved_at.append(len(stage.clock.moves))
            if looks == 8:
                begin(False)
            if stage.clock.moves:
                stage.done.set()

        begin(True)
        stage.clock.on_read = on_read
        await stage.until()
        assert moved_at[:8] == [0] * 8
        assert stage.clock.moves == [BEGIN + DAY]

    run(test)


def test_looks_again_where_something_has_changed_meanwhile() -> None:
    async def test() -> None:
        stage = Stage()
        stage.clock.dates = [BEGIN + DAY]
        looks = 0
        move = stage.clock.move_to_next

        async def changed_once(commits: int, not_after: datetime | None) -> ClockState:
            nonlocal looks
            looks += 1
            if looks == 1:
                stage.clock.commits += 1
            elif looks == 2:
                stage.done.set()
            return await move(commits, not_after)

        stage.clock.move_to_next = changed_once  # type: ignore[method-assign]
        await stage.until()
        assert (looks, stage.clock.moves) == (2, [BEGIN + DAY])

    run(test)


def test_goes_no_further_than_what_a_script_has_for_a_time_and_waits_for_what_it_does_then() -> None:
    async def test() -> None:
        stage = Stage()
        stage.clock.dates = [BEGIN + 30 * DAY]
        at: list[datetime] = []

        async def decides() -> None:
            await stage.world.later(2 * DAY.total_seconds())
            # Somebody who decides takes a moment, in which nothing may move.
            for _ in range(5):
                await asyncio.sleep(0)
            at.append(stage.clock.now)
            stage.clock.dates = []
            stage.world.under_way.end()
            stage.done.set()

        stage.world.under_way.begin()
        deciding = asyncio.create_task(decides())
        await stage.until()
        await deciding
        assert (at, stage.clock.moves) == ([BEGIN + 2 * DAY], [BEGIN + 2 * DAY])

    run(test)


def test_no_kit_moves_past_what_another_on_the_same_server_has_to_do() -> None:
    async def test() -> None:
        stage = Stage()
        other = Stage(shared=stage.shared)
        other.world.under_way.begin()
        stage.clock.dates = [BEGIN + DAY]
        stage.after(6, other.world.under_way.end)
        waiting = asyncio.ensure_future(stage.until())
        for _ in range(3):
            await asyncio.sleep(0.001)
        assert stage.clock.moves == []
        move = stage.clock.move_to_next

        async def moved(commits: int, not_after: datetime | None) -> ClockState:
            stage.done.set()
            return await move(commits, not_after)

        stage.clock.move_to_next = moved  # type: ignore[method-assign]
        await waiting
        assert stage.clock.moves == [BEGIN + DAY]
        await other.world.close()
        assert other.world not in stage.shared.worlds

    run(test)


def test_says_at_once_why_nothing_will_happen() -> None:
    async def test() -> None:
        stage = Stage()

        async def stuck() -> KitError | None:
            return KitError("nobody comes")

        with pytest.raises(KitError, match="nobody comes"):
            await stage.until(stuck)
        assert stage.clock.moves == []

    run(test)


def test_loses_patience_with_what_is_in_progress_with_nothing_and_with_a_function() -> None:
    async def test() -> None:
        stage = Stage(patience=0.02)
        stage.clock.busy = ("a model call of run_1",)
        with pytest.raises(KitError, match=r"^Nothing has happened for 0\.12 s: a model call of run_1\."):
            await stage.until()
        stage.clock.busy = ()
        with pytest.raises(
            KitError, match=r"^Nothing has happened for 0\.02 s: nothing is in progress, and nothing is due\."
        ):
            await stage.until()
        stage.clock.busy = ("a worker runs pay",)
        with stage.functions.running("pay"), pytest.raises(KitError, match=r"^pay has been running for 0\.02 s, and"):
            await stage.until()

    run(test)


def test_gives_up_where_time_passes_for_nothing() -> None:
    async def test() -> None:
        stage = Stage()

        def again() -> None:
            stage.clock.dates = [stage.clock.now + DAY]

        stage.clock.on_read = again
        with pytest.raises(KitError, match="and nothing came of it"):
            await stage.until()

    run(test)


def test_advances_by_what_is_due_on_the_way_whatever_a_function_does() -> None:
    async def test() -> None:
        stage = Stage()
        stage.clock.dates = [BEGIN + timedelta(minutes=5), BEGIN + 3 * DAY]
        stage.clock.busy = ("a worker runs pay",)
        with stage.functions.running("pay"):
            await stage.world.advance(DAY.total_seconds())
        assert stage.clock.moves == [BEGIN + timedelta(minutes=5), BEGIN + DAY]

    run(test)


def test_lets_the_lease_of_a_lost_worker_end() -> None:
    async def test() -> None:
        stage = Stage()
        stage.clock.busy = ("a worker runs pay",)
        stage.functions.lost_a_worker = True
        move = stage.clock.advance

        async def disowned(milliseconds: int) -> ClockState:
            stage.clock.busy = ()
            stage.done.set()
            return await move(milliseconds)

        stage.clock.advance = disowned  # type: ignore[method-assign]
        await stage.until()
        assert stage.clock.moves == [BEGIN + timedelta(seconds=10)]

    run(test)
