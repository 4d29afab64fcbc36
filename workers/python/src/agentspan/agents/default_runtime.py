"""The functions of the runtime that all of a program shares."""

from __future__ import annotations

from collections.abc import Sequence

from typing_extensions import Unpack

from agentspan.agents.agent import Agent
from agentspan.agents.agent_handle import AgentHandle
from agentspan.agents.agent_runtime import AgentRuntime
from agentspan.agents.agent_stream import AgentStream
from agentspan.agents.run_status import AgentResult
from agentspan.agents.start_options import AgentSource, StartOptions

_runtimes: dict[str, AgentRuntime] = {}


def default_runtime() -> AgentRuntime:
    """The runtime that the functions below share, made from the environment when first used."""
    # Of two threads that are here at once both get the one that came first; the other never opened anything.
    return _runtimes.get("default") or _runtimes.setdefault("default", AgentRuntime())


def start(agent: AgentSource, input: str, **options: Unpack[StartOptions]) -> AgentHandle:
    """AgentRuntime.start of the default runtime."""
    return default_runtime().start(agent, input, **options)


async def start_async(agent: AgentSource, input: str, **options: Unpack[StartOptions]) -> AgentHandle:
    """AgentRuntime.start_async of the default runtime."""
    return await default_runtime().start_async(agent, input, **options)


def run(agent: AgentSource, input: str, **options: Unpack[StartOptions]) -> AgentResult:
    """AgentRuntime.run of the default runtime."""
    return default_runtime().run(agent, input, **options)


async def run_async(agent: AgentSource, input: str, **options: Unpack[StartOptions]) -> AgentResult:
    """AgentRuntime.run_async of the default runtime."""
    return await default_runtime().run_async(agent, input, **options)


def stream(
    agent: AgentSource,
    input: str,
    *,
    include_deltas: bool = False,
    **options: Unpack[StartOptions],
) -> AgentStream:
    """AgentRuntime.stream of the default runtime."""
    return default_runtime().stream(agent, input, include_deltas=include_deltas, **options)


async def stream_async(
    agent: AgentSource,
    input: str,
    *,
    include_deltas: bool = False,
    **options: Unpack[StartOptions],
) -> AgentStream:
    """AgentRuntime.stream_async of the default runtime."""
    return await default_runtime().stream_async(agent, input, include_deltas=include_deltas, **options)


def serve(agents: Agent | Sequence[Agent], *, blocking: bool = True) -> None:
    """AgentRuntime.serve of the default runtime."""
    default_runtime().serve(agents, blocking=blocking)


def shutdown() -> None:
    """Shuts the default runtime down, if there is one; the next use makes another."""
    ending = _runtimes.pop("default", None)
    if ending is not None:
        ending.shutdown()
