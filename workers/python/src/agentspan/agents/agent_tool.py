"""Tools that start runs of other agents."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Literal

from agentspan.agents.approval_policy import ApprovalOptions
from agentspan.agents.errors import invalid
from agentspan.agents.gate import gate_of
from agentspan.agents.input_schema import JsonSchema, schema_of_model
from agentspan.agents.limits import TOOL_DESCRIPTION_BYTES, TOOL_SCHEMA_BYTES, require_name, require_size
from agentspan.v1 import agent_pb2

if TYPE_CHECKING:
    from agentspan.agents.agent import Agent


class AgentTool:
    """A tool that starts runs of an agent, ready to be listed by another. No worker serves it."""

    def __init__(self, name: str, agent: Agent | None, message: agent_pb2.Tool) -> None:
        self.name = name
        #: None where it was named only.
        self.agent = agent
        #: As an agent's definition tells it.
        self.message = message

    def __repr__(self) -> str:
        return f"<agent tool {self.name}>"


def agent_tool(
    agent: Agent | str,
    description: str,
    *,
    name: str | None = None,
    version: str = "",
    parameters: JsonSchema | type | None = None,
    approval_required: bool = False,
    approval_explicit: bool = False,
    approval: Literal[True] | ApprovalOptions | None = None,
) -> AgentTool:
    """Makes a tool of an agent.

    A call of it starts a run of that agent, for whoever started this one; the run's result is the call's. It ends with
    this one, and its approvals are found and decided here too. An agent that is given itself is stored, and its tools
    are served, with the agent that lists it. `description` says when the model should hand work to it; `parameters`
    what a call says: {"input"}, which is the run's input, where left out. Raises INVALID_REQUEST or LIMIT_EXCEEDED
    where the options cannot be used.
    """
    agent_name = agent if isinstance(agent, str) else getattr(agent, "name", None)
    require_name(agent_name, "an agent")
    agent_name = str(agent_name)
    named = agent_name if name is None else name
    owner = f"tool {json.dumps(named, default=str)}"
    require_name(named, "a tool")
    if not isinstance(description, str) or not description.strip():
        raise invalid(f"The {owner} has no description.", "description", "must be text")
    require_size(description, TOOL_DESCRIPTION_BYTES, f"description of {owner}")
    schema = "" if parameters is None else schema_of_model(parameters, f"{owner}.parameters")
    require_size(schema, TOOL_SCHEMA_BYTES, f"schema of {owner}")
    message = agent_pb2.Tool(
        name=named,
        description=description,
        input_schema_json=schema,
        kind=agent_pb2.TOOL_KIND_AGENT,
        agent_name=agent_name,
        agent_version=version,
    )
    policy = gate_of(owner, approval_required=approval_required, approval_explicit=approval_explicit, approval=approval)
    if policy is not None:
        message.approval.CopyFrom(policy)
    return AgentTool(named, None if isinstance(agent, str) else agent, message)
