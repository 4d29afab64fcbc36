"""Which of a server's kits serves an agent's tools, and answers for its model: one at a time.

A server hands a call to whichever worker serves its tool, and asks a model without saying in which kit's run. So a kit
that starts a run takes both over from kits whose runs have ended; from one whose run goes on it cannot.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from agentspan.agents.agent import Agent
from agentspan.agents.agent_handle import AgentHandle
from agentspan.agents.testing.kit_error import KitError

_LIBRARY = Path(__file__).parents[2]


class SharedServing:
    """Of one server. For one event loop."""

    def __init__(self) -> None:
        self.taking = asyncio.Lock()
        self.kits: list[KitServing] = []


class KitServing:
    """One kit's part of it."""

    def __init__(self, shared: SharedServing, *, answer_for: Callable[[Sequence[Agent]], None], made_at: str) -> None:
        self._shared = shared
        #: Has the kit's model asked in runs of these agents, before any other kit's.
        self._answer_for = answer_for
        self._made_at = made_at
        #: Ends the kit's worker, until it serves again.
        self.withdraw: Callable[[], Awaitable[None]] | None = None
        self._agents: dict[int, Agent] = {}
        self._runs: list[AgentHandle] = []
        self._starting = 0

    @asynccontextmanager
    async def starting(self, agents: Sequence[Agent]) -> AsyncIterator[None]:
        """While a run of one of them is started. Raises KitError where a run of another kit could meet it."""
        async with self._shared.taking:
            for other in list(self._shared.kits):
                mixed = None if other is self else other._mixes(agents)
                if mixed is not None:
                    await other._give_way(mixed)
            self._agents.update({id(agent): agent for agent in agents})
            if self not in self._shared.kits:
                self._shared.kits.append(self)
            self._answer_for(agents)
            self._starting += 1
        try:
            yield
        finally:
            self._starting -= 1

    def started(self, run: AgentHandle) -> None:
        """As long as it goes on, no other kit takes over."""
        self._runs.append(run)

    def end(self) -> None:
        """The kit is no more."""
        if self in self._shared.kits:
            self._shared.kits.remove(self)

    def _mixes(self, agents: Sequence[Agent]) -> Agent | None:
        """Which of them could meet what one of this kit's is served or told; None where none could."""
        own = list(self._agents.values())
        return next((agent for agent in agents if any(_mixed(agent, one) for one in own)), None)

    async def _give_way(self, agent: Agent) -> None:
        for run in list(self._runs):
            if (await run.get_status_async()).is_complete:
                self._runs.remove(run)
        if self._runs or self._starting:
            which = f" ({self._runs[0].execution_id})" if self._runs else ""
            raise KitError(
                f"The kit made at {self._made_at} has a run that has not ended{which}, and serves agent {agent.name}: "
                "two kits at once would serve each other's runs. End that kit with its test, as `with memory_kit(...) "
                "as kit:` and the fixture agentspan_kit do, or give its agent another name, and other instructions."
            )
        if self.withdraw is not None:
            await self.withdraw()
        self._agents.clear()
        self.end()


def made_at() -> str:
    """Where the code outside of this library is that is calling it."""
    frame = sys._getframe(1)
    while frame.f_back is not None and _LIBRARY in Path(frame.f_code.co_filename).parents:
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"


def _mixed(one: Agent, other: Agent) -> bool:
    if {(one.queue_of(tool), tool.name) for tool in one.served} & {
        (other.queue_of(tool), tool.name) for tool in other.served
    }:
        return True
    # A model is not told more than these of whose run it is.
    same_words = one.instructions == other.instructions or "" in (one.instructions, other.instructions)
    return same_words and sorted(tool.name for tool in one.tools) == sorted(tool.name for tool in other.tools)
