"""Agents: a model, instructions and tools."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from agentspan.agents.agent_tool import AgentTool
from agentspan.agents.duration import Duration, to_message
from agentspan.agents.errors import AgentspanError, FieldFault, invalid
from agentspan.agents.human_tool import HumanTool
from agentspan.agents.input_schema import JsonSchema, schema_of_model
from agentspan.agents.limits import INSTRUCTIONS_BYTES, TOOLS_PER_AGENT, require_name, require_size
from agentspan.agents.tool import Tool
from agentspan.v1 import agent_pb2

AnyTool: TypeAlias = Tool[..., Any] | HumanTool | AgentTool
"""What an agent's model may call, by whoever carries it out."""


class Agent:
    """A model, instructions and tools.

    Making one does nothing: `start`, `run`, `stream` and `serve` take it. Raises INVALID_REQUEST or LIMIT_EXCEEDED
    where the options cannot be used.

    Args:
        name: Letters, digits, '_' and '-', at most 64, not beginning with a digit or '-'.
        model: "provider/model", for example "openai/gpt-4o-mini".
        tools: What the model may call.
        instructions: The system prompt, at most 256 KiB.
        max_turns: Model replies before a run fails with MAX_TURNS; 25 unless said.
        temperature: 0 to 2; the model's own where left out.
        max_tokens: The most tokens of one model reply; the model's own limit where left out.
        output_schema: What the final answer must satisfy, as JSON Schema or as a type that pydantic knows; free text
            where left out.
        deadline: How long a run may take, not counting time it waits for people; no limit where left out.
        labels: What runs of it are found by.
    """

    def __init__(
        self,
        name: str,
        model: str,
        *,
        tools: Sequence[AnyTool] = (),
        instructions: str = "",
        max_turns: int | None = None,
        temperature: float | None = None,
        max_tokens: int | None = None,
        output_schema: JsonSchema | type | None = None,
        deadline: Duration | None = None,
        labels: Mapping[str, str] | None = None,
    ) -> None:
        require_name(name, "an agent")
        owner = f"agent {json.dumps(name)}"
        self.name = name
        self.model = model
        self.instructions = instructions
        self.tools: tuple[AnyTool, ...] = tuple(tools)
        _require_tools(self.tools, owner)
        if not isinstance(model, str) or not re.fullmatch(r"[^/\s]+/\S+", model):
            rule = 'must be "provider/model", for example "openai/gpt-4o-mini"'
            raise invalid(f"The model {model!r} of {owner} {rule}.", "model", rule)
        if not isinstance(instructions, str):
            raise invalid(f"The instructions of {owner} must be text.", "instructions", "must be text")
        require_size(instructions, INSTRUCTIONS_BYTES, f"instructions of {owner}")
        #: As the server stores it.
        self.definition = agent_pb2.AgentDefinition(
            name=name,
            model=model,
            instructions=instructions,
            tools=[tool.message for tool in self.tools],
            max_turns=_count(max_turns, "max_turns", owner) or 0,
            labels=dict(labels or {}),
        )
        if output_schema is not None:
            schema = schema_of_model(output_schema, f"{owner}.output_schema", of_object=False)
            self.definition.output_schema_json = schema
        if temperature is not None:
            self.definition.temperature = temperature
        if max_tokens is not None:
            self.definition.max_tokens = _count(max_tokens, "max_tokens", owner) or 0
        if deadline is not None:
            self.definition.deadline.CopyFrom(to_message(deadline, f"{owner}.deadline"))

    def __repr__(self) -> str:
        return f"<agent {self.name}>"

    @property
    def served(self) -> list[Tool[..., Any]]:
        """The tools that workers serve."""
        return [tool for tool in self.tools if isinstance(tool, Tool)]

    @property
    def below(self) -> list[Agent]:
        """The agents that its tools start runs of, and theirs, each once."""
        found: dict[int, Agent] = {}
        for tool in self.tools:
            if isinstance(tool, AgentTool) and tool.agent is not None:
                for agent in [*tool.agent.below, tool.agent]:
                    found.setdefault(id(agent), agent)
        return list(found.values())

    def queue_of(self, tool: Tool[..., Any]) -> str:
        """Where workers take calls of this tool."""
        return tool.queue or self.name


def _require_tools(tools: Sequence[object], owner: str) -> None:
    for index, tool in enumerate(tools):
        if not isinstance(tool, Tool | HumanTool | AgentTool):
            description = "is not what tool(), human_tool() or agent_tool() returns"
            field = f"tools[{index}]"
            raise invalid(f"The {field} of {owner} {description}: make it with one of them.", field, description)
    if len(tools) > TOOLS_PER_AGENT:
        message = f"{owner} has {len(tools)} tools; the limit is {TOOLS_PER_AGENT}."
        metadata = {"limit": str(TOOLS_PER_AGENT), "size": str(len(tools))}
        raise AgentspanError("LIMIT_EXCEEDED", message, metadata=metadata)
    names = [tool.name for tool in tools if isinstance(tool, Tool | HumanTool | AgentTool)]
    twice = next((name for index, name in enumerate(names) if name in names[:index]), None)
    if twice is not None:
        message = f"{owner} has two tools named {json.dumps(twice)}; names are distinct."
        raise AgentspanError("INVALID_REQUEST", message, fields=[FieldFault("tools", "must have distinct names")])


def _count(value: int | None, field: str, owner: str) -> int | None:
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31):
        return value
    words = "must be a whole number, 0 or more"
    raise invalid(f"The {field} of {owner} is {value!r}; it {words}.", field, words)
