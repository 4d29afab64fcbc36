"""Runs agents for a test: their tools and the server are real, the model and the people follow a script."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from types import TracebackType
from typing import Any, Protocol, TypeAlias

from typing_extensions import TypedDict, Unpack

from agentspan.agents.agent import Agent
from agentspan.agents.agent_runtime import AgentRuntime
from agentspan.agents.duration import Duration, to_seconds
from agentspan.agents.run_event import RunEvent
from agentspan.agents.start_options import StartOptions
from agentspan.agents.testing.hidden_frames import of_the_library
from agentspan.agents.testing.kit_decision_reader import DecisionReader
from agentspan.agents.testing.kit_decisions import DecisionScript
from agentspan.agents.testing.kit_error import KitError
from agentspan.agents.testing.kit_run import KitRun
from agentspan.agents.testing.kit_run_calls import KitRunCalls
from agentspan.agents.testing.kit_tool_names import require_tool_names
from agentspan.agents.testing.kit_verdicts import Verdicts
from agentspan.agents.testing.kit_wait import wait, wait_async
from agentspan.agents.testing.kit_world import World
from agentspan.agents.testing.known_tools import KnownTools, known_tools
from agentspan.agents.testing.model_script import AskedTurn, ScriptedModel
from agentspan.agents.testing.model_turn import ModelScript
from agentspan.agents.testing.tested_run import TestedRun, tested_run

__tracebackhide__ = of_the_library

ToolsInstead: TypeAlias = Mapping[str, Callable[..., Any]]
"""Called in place of the agents' own functions, by the tool's name, with the arguments that they take."""


class KitOptions(TypedDict, total=False):
    """What may be said of a kit besides its model."""

    #: What people decide, by the tool that is asked for. Whatever is not in it waits for the test to decide.
    decisions: DecisionScript
    tools: ToolsInstead
    #: How long a tool, or a function of the scripts, may take on this machine's clock: 5 s unless said. Of a server
    #: whose clock is real, a run in all: 30 s unless said.
    patience: Duration


class Kit:
    """Each method has a twin in _async for event loops. Leaving a `with` or an `async with` ends it and its runs.

    with memory_kit(model=[says("Hello.")]) as kit:
        expect(kit.run(agent, "Hi")).completed()
    """

    def __init__(
        self,
        world: World,
        model: ScriptedModel,
        decisions: DecisionReader,
        *,
        verdicts: Verdicts,
        tool_names: Sequence[str],
        leave: Callable[[], None],
    ) -> None:
        self._world = world
        self._model = model
        self._decisions = decisions
        self._verdicts = verdicts
        #: The tools that the test stands in for.
        self._tool_names = tool_names
        self._agents: list[Agent] = []
        #: Takes back what was made of the server for this kit.
        self._leave = leave
        self._runs: list[KitRunCalls] = []
        #: Its scripts: what is wrong with them is told once.
        self._looked_at = False
        #: By the agent's name.
        self._tools: dict[str, KnownTools] = {}
        self._closing: asyncio.Task[None] | None = None

    def __enter__(self) -> Kit:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    async def __aenter__(self) -> Kit:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self.close_async()

    @property
    def runtime(self) -> AgentRuntime:
        """For whatever the kit has no words for: what programs use."""
        return self._world.runtime

    @property
    def asked(self) -> tuple[AskedTurn, ...]:
        """What the model was asked, in the order in which it answered."""
        return self._model.asked

    def start(self, agent: Agent, input: str, **options: Unpack[StartOptions]) -> KitRun:
        """Starts a run, and serves the agent's tools."""
        return wait(self._start(agent, input, options, None))

    async def start_async(self, agent: Agent, input: str, **options: Unpack[StartOptions]) -> KitRun:
        """As start; async tools then run in the event loop that calls this."""
        here = asyncio.get_running_loop()
        return await wait_async(self._start(agent, input, options, here))

    def run(self, agent: Agent, input: str, **options: Unpack[StartOptions]) -> TestedRun:
        """Starts a run and lets happen what must until it has ended. See KitRun.result."""
        return self.start(agent, input, **options).result()

    async def run_async(self, agent: Agent, input: str, **options: Unpack[StartOptions]) -> TestedRun:
        """As run."""
        return await (await self.start_async(agent, input, **options)).result_async()

    def tested(self, run_id: str) -> TestedRun:
        """A run that has ended by its id, such as one that another one started."""
        return wait(self._tested(run_id))

    async def tested_async(self, run_id: str) -> TestedRun:
        """As tested."""
        return await wait_async(self._tested(run_id))

    def advance(self, time: Duration) -> None:
        """Lets time pass, with all that happens in it. Of a server whose clock is real it is at most a minute."""
        wait(self._advance(time))

    async def advance_async(self, time: Duration) -> None:
        """As advance."""
        await wait_async(self._advance(time))

    def now(self) -> datetime:
        """The date, by the kit's clock."""
        return wait(self._world.now())

    async def now_async(self) -> datetime:
        """As now."""
        return await wait_async(self._world.now())

    def stop(self) -> None:
        """Ends everything. Raises KitError, once, where the model's or the people's script was not what happened."""
        wait(self._stop())

    async def stop_async(self) -> None:
        """As stop."""
        await wait_async(self._stop())

    def close(self) -> None:
        """Ends everything, without a look at the scripts: a test that fails tells why by itself."""
        wait(self._close())

    async def close_async(self) -> None:
        """As close."""
        await wait_async(self._close())

    async def _start(
        self, agent: Agent, said: str, options: StartOptions, tools_in: asyncio.AbstractEventLoop | None
    ) -> KitRun:
        self._require_open()
        if not isinstance(agent, Agent):
            raise KitError(f"A kit starts runs of an Agent, and not of {agent!r}.")
        agents = [*agent.below, agent]
        self._agents.extend(one for one in agents if one not in self._agents)
        require_tool_names(
            tools=self._tool_names,
            decisions=self._decisions.tool_names,
            agent_names=self._model.agent_names,
            agents=self._agents,
        )
        self._tools |= {known.name: known_tools(known) for known in agents}
        handle = await self.runtime._start(agent, said, options, tools_in=tools_in)
        run = KitRunCalls(
            handle,
            world=self._world,
            decisions=self._decisions,
            tools=known_tools(agent),
            verdicts=self._verdicts,
            model_faults=lambda: _faults(self._model, lambda: self._model.unused_by(agent.name, said)),
        )
        self._runs.append(run)
        return KitRun(run)

    async def _advance(self, time: Duration) -> None:
        self._require_open()
        await self._world.advance(to_seconds(time, "The time of advance()"))

    async def _tested(self, run_id: str) -> TestedRun:
        self._require_open()
        handle = self.runtime.handle(run_id)

        async def reading() -> list[RunEvent]:
            return [event async for event in handle._calls.events(after=0, include_deltas=False)]

        events = await self._world.until(reading(), _never_stuck)
        status = await handle.get_status_async()
        return tested_run(status, events, self._tools.get(status.agent_name))

    async def _stop(self) -> None:
        unexpected, unused = _faults(self._model, lambda: self._model.unused)
        faults = [*unexpected, *unused, *self._decisions.faults, *self._decisions.unused]
        await self._close()
        if self._looked_at:
            return
        self._looked_at = True
        self._verdicts.tell_if_none_was_told()
        if faults:
            raise KitError("\n".join(faults))

    async def _close(self) -> None:
        if self._closing is None:
            self._closing = asyncio.create_task(self._end())
        await asyncio.shield(self._closing)

    async def _end(self) -> None:
        try:
            await asyncio.gather(*(run.close() for run in self._runs))
        finally:
            await self._world.close()
            self._leave()

    def _require_open(self) -> None:
        if self._closing is not None:
            raise KitError("The kit was stopped. Make another one for another run.")


class MakesKits(Protocol):
    """Makes kits on one server, as memory_kit() does."""

    def __call__(self, *, model: ModelScript, **options: Unpack[KitOptions]) -> Kit: ...


def _faults(model: ScriptedModel, unused: Callable[[], list[str]]) -> tuple[list[str], list[str]]:
    """What was asked beyond the script, or else what was not asked for: the former says more."""
    unexpected = model.unexpected
    return unexpected, [] if unexpected else unused()


async def _never_stuck() -> KitError | None:
    return None
