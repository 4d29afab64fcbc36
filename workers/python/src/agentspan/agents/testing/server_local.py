"""Servers that a test starts for its kits."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Mapping, Sequence
from types import TracebackType

from typing_extensions import Unpack

from agentspan.agents.agent import Agent
from agentspan.agents.duration import to_seconds
from agentspan.agents.testing.command import agentspan_command
from agentspan.agents.testing.kit import Kit, KitOptions
from agentspan.agents.testing.kit_decision_reader import DecisionReader
from agentspan.agents.testing.kit_decisions import read_decisions
from agentspan.agents.testing.kit_functions import FunctionsInProgress
from agentspan.agents.testing.kit_serving import KitServing, SharedServing, made_at
from agentspan.agents.testing.kit_tools import KitHooks, KitRuntime
from agentspan.agents.testing.kit_verdicts import Verdicts
from agentspan.agents.testing.kit_world import World
from agentspan.agents.testing.model_script import ScriptedModel
from agentspan.agents.testing.model_server import ModelServer
from agentspan.agents.testing.model_turn import ModelScript, read_model_script
from agentspan.agents.testing.script_words import by_tool, require_known
from agentspan.agents.testing.server_clock import ServerClock
from agentspan.agents.testing.server_memory_world import MemoryServerWorld
from agentspan.agents.testing.server_process import ServerProcess
from agentspan.agents.testing.server_time import LEASE, SharedTime
from agentspan.agents.testing.server_world import ServerWorld

_PROVIDERS = ("openai", "anthropic", "gemini", "ollama", "vllm")


class LocalServer:
    """A server for kits. Leaving a `with` stops it."""

    def __init__(
        self,
        *,
        command: Sequence[str] | None,
        providers: Sequence[str],
        env: Mapping[str, str],
        in_memory: bool,
    ) -> None:
        named = agentspan_command() if command is None else command
        self._model = ModelServer()
        stand_ins = {name: {"baseUrl": self._model.base_url} for name in providers}
        variables = {"AGENTSPAN_MODEL_PROVIDERS": json.dumps(stand_ins), "AGENTSPAN_AUTH": "off", **env}
        try:
            self._process = ServerProcess(command=named, env=variables, in_memory=in_memory)
        except BaseException:
            self._model.stop()
            raise
        self._serving = SharedServing()
        self._time = SharedTime(ServerClock(self._process.clock_url)) if in_memory else None

    def __enter__(self) -> LocalServer:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """Of the gateway."""
        return self._process.url

    @property
    def nats_url(self) -> str:
        """For workers."""
        return self._process.nats_url

    def kit(self, *, model: ModelScript, **options: Unpack[KitOptions]) -> Kit:
        """A kit on this server: `model` is what the model says, turn by turn.

        By the agent's name where runs of several agents take place. Kits whose runs go on at once have agents of other
        names, and with other instructions or tools: what serves one of them, and is asked for it, is the kit that
        started a run of it last, and starting one raises KitError while another kit's run goes on.
        """
        require_known(options, KitOptions.__annotations__)
        functions = FunctionsInProgress()
        verdicts = Verdicts()
        scripted = ScriptedModel(read_model_script(model), functions, verdicts)
        instead = by_tool(options.get("tools", {}), "The kit's tools", 'tools={"process_refund": lambda: "refunded"}')
        decisions = DecisionReader(read_decisions(options.get("decisions", {})), functions, verdicts)
        hooks = KitHooks(functions, instead, verdicts, decisions.ran)
        patience = to_seconds(options.get("patience", 30.0 if self._time is None else 5.0), "patience")

        def answer_for(agents: Sequence[Agent]) -> None:
            scripted.know(agents)
            self._model.prefer(scripted)

        serving = KitServing(self._serving, answer_for=answer_for, made_at=made_at())
        runtime = KitRuntime(url=self.url, nats_url=self.nats_url, hooks=hooks, serving=serving)
        world: World
        if self._time is None:
            world = ServerWorld(runtime=runtime, patience=patience)
        else:
            world = MemoryServerWorld(runtime=runtime, shared=self._time, functions=functions, patience=patience)
        serving.withdraw = world.withdraw
        no_longer_asked = self._model.add(scripted)

        def leave() -> None:
            serving.end()
            no_longer_asked()

        return Kit(world, scripted, decisions, verdicts=verdicts, tool_names=list(instead), leave=leave)

    def stop(self) -> None:
        """Ends it, and all that is on it."""
        self._process.stop()
        self._model.stop()


def start_local_server(
    *, command: Sequence[str] | None = None, providers: Sequence[str] = _PROVIDERS, env: Mapping[str, str] | None = None
) -> LocalServer:
    """Starts `agentspan server start`, with its real processes, for kits: as memory_kit(), with time that is real.

    Args:
        command: What starts it, before `server start`; that of AGENTSPAN_COMMAND, or `agentspan`, unless said.
        providers: Providers whose models the kits' models stand in for; all of them unless said.
        env: Environment variables of the server.

    with start_local_server() as server, server.kit(model=[says("Hello.")]) as kit:
        expect(kit.run(agent, "Hi")).completed()
    """
    return LocalServer(command=command, providers=providers, env=env or {}, in_memory=False)


def start_memory_server(
    *, command: Sequence[str] | None = None, providers: Sequence[str] = _PROVIDERS, env: Mapping[str, str] | None = None
) -> LocalServer:
    """Starts `agentspan server start --memory`: its kits move its clock. Arguments as of start_local_server."""
    # A worker that is lost is missed at its second sign of life: with short ones a test waits a moment for that.
    leases = {"AGENTSPAN_LEASE": f"{LEASE.seconds}s", "AGENTSPAN_HEARTBEAT": "200ms"}
    return LocalServer(command=command, providers=providers, env={**leases, **(env or {})}, in_memory=True)


_lock = threading.Lock()
_shared: list[tuple[int, LocalServer]] = []


def memory_kit(*, model: ModelScript, **options: Unpack[KitOptions]) -> Kit:
    """A kit on a server in memory, whose clock only kits move: thirty days pass at once.

    All kits of a process share one such server. It is started when it is first needed, and ends with the process.

    with memory_kit(
        model=[calls("process_refund", {"order_id": "ORD-8821", "amount": 29.99}), says("Refunded.")],
        decisions={"process_refund": after("2d", approve())},
    ) as kit:
        expect(kit.run(agent, "Refund ORD-8821")).completed().approved("process_refund")
    """
    with _lock:
        own = next((server for pid, server in _shared if pid == os.getpid()), None)
        if own is None:
            own = start_memory_server()
            _shared.append((os.getpid(), own))
    return own.kit(model=model, **options)
