"""The functions of agents' tools, as a kit has them called."""

from __future__ import annotations

import asyncio
import inspect
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from agentspan.agents.agent import Agent
from agentspan.agents.agent_handle import AgentHandle
from agentspan.agents.agent_runtime import AgentRuntime
from agentspan.agents.start_options import AgentSource, StartOptions
from agentspan.agents.testing.kit_error import KitError
from agentspan.agents.testing.kit_functions import FunctionsInProgress, call_awaited
from agentspan.agents.testing.kit_lost import WorkerLostError
from agentspan.agents.testing.kit_serving import KitServing
from agentspan.agents.testing.kit_verdicts import Verdicts, is_verdict
from agentspan.agents.tool_context import ToolContext
from agentspan.agents.tool_function import ToolFunction
from agentspan.worker.test_hooks import ToolRole, WorkerTestHooks
from agentspan.worker.worker_parts import WorkerEndedError

if TYPE_CHECKING:
    from agentspan.worker.task_in_hand import TaskInHand

_BY_NAME = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
# Seconds that tools which run have left where a worker ends.
_GRACE_S = 1


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

    def __init__(
        self,
        functions: FunctionsInProgress,
        instead: Mapping[str, Callable[..., Any]],
        verdicts: Verdicts,
        on_run: Callable[[str], None] = lambda _: None,
    ) -> None:
        """`on_run`: told by any thread that a tool's function is called."""
        self._functions = functions
        self._on_run = on_run
        self._instead = {name: _Instead(name, function, verdicts) for name, function in instead.items()}
        self._lost: set[str] = set()

    def function(self, task: TaskInHand, role: ToolRole, own: ToolFunction) -> ToolFunction:
        """The function that is called, watched."""
        name = task.tool_name
        if role == "execute":
            self._on_run(name)
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
    """Takes of a tool's arguments those that it has parameters for. What it says of the test is told to the test."""

    def __init__(self, name: str, function: Callable[..., Any], verdicts: Verdicts) -> None:
        if not callable(function):
            raise KitError(f"The kit's tools have {function!r} for {name}: write a function that is called instead.")
        context = ToolFunction.context_of(function, ToolContext)
        super().__init__(function, context)
        self._name = name
        self._takes = _signature_of(function)
        self._verdicts = verdicts

    def call(self, arguments: dict[str, Any], context: object) -> Any:
        value: Any = self._told(lambda: super(_Instead, self).call(self._taken(arguments), context))
        if self.is_async:
            return self._awaited(value)
        # Such as of an AsyncMock, which does not look async.
        return self._told(lambda: call_awaited(value)) if inspect.isawaitable(value) else value

    def _taken(self, arguments: dict[str, Any]) -> dict[str, Any]:
        takes = self._takes
        if takes is None:
            return arguments
        parameters = takes.parameters.values()
        if any(one.kind is inspect.Parameter.VAR_KEYWORD for one in parameters):
            taken = arguments
        else:
            named = {one.name for one in parameters if one.kind in _BY_NAME}
            taken = {name: value for name, value in arguments.items() if name in named}
        try:
            takes.bind(**taken, **({} if self._context is None else {self._context: None}))
        except TypeError as error:
            names = ", ".join(arguments) or "none"
            raise KitError(
                f"The function in the kit's tools for {self._name} cannot be called: {error}. It is called with the "
                f"arguments of the tool by their names: {names}."
            ) from None
        return taken

    async def _awaited(self, value: Awaitable[Any]) -> Any:
        try:
            return await value
        except BaseException as error:
            self._tell(error)
            raise

    def _told(self, call: Callable[[], Any]) -> Any:
        try:
            return call()
        except BaseException as error:
            self._tell(error)
            raise

    def _tell(self, error: BaseException) -> None:
        if is_verdict(error):
            self._verdicts.add(error)


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


def _signature_of(function: Callable[..., Any]) -> inspect.Signature | None:
    """None where it cannot be told: it is given everything."""
    try:
        return inspect.signature(function)
    except (TypeError, ValueError):
        return None
