"""The names of tools in a kit's script: one that no agent has says nothing, and the real function would run instead."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from agentspan.agents.agent import Agent
from agentspan.agents.agent_tool import AgentTool
from agentspan.agents.human_tool import HumanTool
from agentspan.agents.testing.kit_error import KitError
from agentspan.agents.tool import Tool


def require_tool_names(
    *, tools: Sequence[str], decisions: Sequence[str], agent_names: Sequence[str], agents: Sequence[Agent]
) -> None:
    """Raises KitError where a name is of no tool of these agents, or of one that the test cannot stand in for.

    Args:
        tools: What stands in for functions, by the tool's name.
        decisions: What people decide, by the tool's name.
        agent_names: Agents that the model has turns for.
        agents: All that the kit has run.
    """
    for name in tools:
        _require_function(name, agents)
    # Others are to come, or were named only: a name may be one of theirs.
    if set(agent_names) - {agent.name for agent in agents}:
        return
    if any(isinstance(one, AgentTool) and one.agent is None for agent in agents for one in agent.tools):
        return
    known = list(dict.fromkeys(one.name for agent in agents for one in agent.tools))
    for part, names in (("tools", tools), ("decisions", decisions)):
        for name in names:
            if name not in known:
                raise KitError(_unknown(part, name, known, agents))


def _require_function(name: str, agents: Sequence[Agent]) -> None:
    named = [one for agent in agents for one in agent.tools if one.name == name]
    if not named or any(isinstance(one, Tool) for one in named):
        return
    why = (
        "asks people: say in decisions what they answer, as respond(answer)."
        if isinstance(named[0], HumanTool)
        else "starts a run of another agent: give the turns of that agent's model, and stand in for its tools."
    )
    raise KitError(f"tools cannot stand in for {name}, which {why}")


def _unknown(part: str, name: str, known: Sequence[str], agents: Sequence[Agent]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    have = f"Their tools are {', '.join(known)}." if known else "They have no tools."
    names = ", ".join(dict.fromkeys(agent.name for agent in agents))
    remedy = f"Did you mean {near[0]}?" if near else have
    return f'{part} has "{name}", and no tool of {names} has that name. {remedy}'
