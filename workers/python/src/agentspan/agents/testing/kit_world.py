"""Where a kit's runs take place."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Protocol, TypeAlias, TypeVar

from agentspan.agents.agent_runtime import AgentRuntime
from agentspan.agents.testing.kit_error import KitError

T = TypeVar("T")

Stuck: TypeAlias = Callable[[], Awaitable[KitError | None]]
"""Says why nothing ever will happen any more; None where something may."""


class UnderWay:
    """What the kit itself is about to do: time stands still for it. For one event loop."""

    def __init__(self) -> None:
        self._count = 0

    @property
    def any(self) -> bool:
        """Whether there is any of it."""
        return self._count > 0

    def begin(self) -> None:
        """One more."""
        self._count += 1

    def end(self) -> None:
        """One less."""
        self._count -= 1


class FollowedRun(Protocol):
    """A run whose events a kit reads."""

    @property
    def run_id(self) -> str:
        """Its id."""

    @property
    def seen(self) -> int | None:
        """The sequence of its last event that was read; None where all of them were."""


class World(Protocol):
    """A server with its clock. In the event loop of the network."""

    runtime: AgentRuntime
    #: What its runs' decisions are doing.
    under_way: UnderWay

    def follow(self, run: FollowedRun) -> None:
        """A run of the kit: time passes only where all of its events were read."""

    async def now(self) -> datetime:
        """The date."""

    async def until(self, what: Awaitable[T], stuck: Stuck) -> T:
        """Resolves as it does, and lets happen meanwhile what must.

        `stuck` is asked while nothing happens. Raises what it gives.
        """

    async def advance(self, seconds: float) -> None:
        """Lets so much time pass, with all that happens in it."""

    async def later(self, seconds: float) -> None:
        """Resolves when so much time has passed. What is under way is so again when its time has come."""

    async def withdraw(self) -> None:
        """Serves nothing, until it starts a run again."""

    async def close(self) -> None:
        """Ends it, and what it has open."""
