"""Which tools there are to expect something of: a name that nobody has is misspelt, and expects nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from agentspan.agents.agent import Agent


@dataclass(frozen=True)
class KnownTools:
    """Names of tools, as far as the definitions say them."""

    #: Of the run's own agent.
    own: tuple[str, ...]
    #: Of each agent that it may start runs of, by the agent's name: its own, and those of the agents below it.
    below: Mapping[str, tuple[str, ...]]


def known_tools(agent: Agent) -> KnownTools:
    """Of an agent, and of those below it."""
    below = {other.name: tuple(name for one in (other, *other.below) for name in _names(one)) for other in agent.below}
    return KnownTools(own=_names(agent), below=below)


def _names(agent: Agent) -> tuple[str, ...]:
    return tuple(tool.name for tool in agent.definition.tools)
