"""The functions of agents' tools, as a kit has them called."""

from __future__ import annotations

import asyncio
import inspect
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from agentspan.agents.agent import Agent
from agentspan.agents.agent_handle import AgentHandle
from agentspan.agents.agent_runtime import AgentRuntime
from agentspan.agents.start_options import AgentSource, StartOptions
from agentspan.agents.testing.kit_functions import FunctionsInProgress
from agentspan.agents.testing.kit_serving import KitServing
from agentspan.agents.tool_context import ToolContext
from agentspan.agents.tool_function import ToolFunction
from agentspan.worker.test_hooks import ToolRole, WorkerTestHooks
from agentspan.worker.worker_parts import WorkerEndedError

if TYPE_CHECKING:
    from agentspan.worker.task_in_hand import TaskInHand

# Seconds that tools which run have left where a worker ends.
_GRACE_S = 1


class WorkerLostError(Exception):
    """The worker is lost, as the test wants it."""


def worker_lost(*_: object, **__: object) -> NoReturn:
    """In a function of a kit's `tools`, or in place of one: the worker that runs the call is lost in the middle of it.

    Nobody ever says what became of the call.

        tools={"process_refund": worker_lost}
    """
    raise WorkerLostError("The worker is lost here.")


class KitRuntime(AgentRuntime):
    """What programs use, with the functions of a kit. The environment says nothing of it."""

    def __init__(self, *, url: str, nats_url: str, hooks: WorkerTestHooks, serving: KitServing) -> None:
        self.worker_id = f"kit-{secrets.token_hex(5)}"
        super().__init__(
            url=url,
            nats_url=nats_url,
            worker_id=self.worker_id,
            grace=_GRACE_S,
            trusted_keys_file="",
            credentials_file="",
        )
        self._hooks = hooks
        self._serving = serving

    async def withdraw(self) -> None:
        """Serves nothing, and knows of nothing on the server, until it starts a run or serves again."""
        worker, self._worker = self._worker, None
        self._stored.clear()
        if worker is not None:
            await worker.shutdown(_GRACE_S)

    async def _start(
        self, agent: AgentSource, said: str, options: StartOptions, *, tools_in: asyncio.AbstractEventLoop | None
    ) -> AgentHandle:
        agents = [*agent.below, agent] if isinstance(agent, Agent) else []
        async with self._serving.starting(agents):
            handle = await super()._start(agent, said, options, tools_in=tools_in)
            self._serving.started(handle)
        return handle

    async def _serve(
        self,
        agents: Sequence[Agent],
        patience: float,
        first_contact: float,
        tools_in: asyncio.AbstractEventLoop | None,
    ) -> None:
        async with self._serving.starting(agents):
            await super()._serve(agents, patience, first_contact, tools_in)


class KitHooks(WorkerTestHooks):
    """Calls the agents' functions, or what the test has in their place, and keeps the time for them."""

    def __init__(self, functions: FunctionsInProgress, instead: Mapping[str, Callable[..., Any]]) -> None:
        self._functions = functions
        self._instead = {name: _Instead(function) for name, function in instead.items()}
        self._lost: set[str] = set()

    def function(self, task: TaskInHand, role: ToolRole, own: ToolFunction) -> ToolFunction:
        """The function that is called, watched."""
        name = task.tool_name
        called = self._instead.get(name, own) if role == "execute" else own
        shown = name if role == "execute" else f"The {role} of {name}"
        return _Watched(called, shown, self._functions, lambda: self._lost.add(task.nonce))

    def after_execute(self, task: TaskInHand) -> None:
        """What is raised here ends the task like a lost process would: nothing more is sent for it."""
        if task.nonce in self._lost:
            self._lost.discard(task.nonce)
            self._functions.lost_a_worker = True
            raise WorkerEndedError(f"The worker of {task.tool_name} is lost, as the test wants it.")


class _Instead(ToolFunction):
    """Takes of a tool's arguments those that it has parameters for."""

    def __init__(self, function: Callable[..., Any]) -> None:
        context = ToolFunction.context_of(function, ToolContext)
        super().__init__(function, context)
        self._named = _parameters_of(function)

    def call(self, arguments: dict[str, Any], context: object) -> Any:
        taken = {name: value for name, value in arguments.items() if self._named is None or name in self._named}
        return super().call(taken, context)


class _Watched(ToolFunction):
    def __init__(
        self, called: ToolFunction, name: str, functions: FunctionsInProgress, lose: Callable[[], object]
    ) -> None:
        self._called = called
        self._name = name
        self._functions = functions
        self._lose = lose
        self.is_async = called.is_async

    def call(self, arguments: dict[str, Any], context: object) -> Any:
        if self.is_async:
            return self._await(self._called.call(arguments, context))
        with self._functions.running(self._name):
            try:
                return self._called.call(arguments, context)
            except WorkerLostError:
                self._lose()
                raise

    async def _await(self, value: Awaitable[Any]) -> Any:
        with self._functions.running(self._name):
            try:
                return await value
            except WorkerLostError:
                self._lose()
                raise


def _parameters_of(function: Callable[..., Any]) -> frozenset[str] | None:
    """The names that it may be given; None where that is any."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return None
    if any(one.kind is inspect.Parameter.VAR_KEYWORD for one in parameters):
        return None
    named = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return frozenset(one.name for one in parameters if one.kind in named)
