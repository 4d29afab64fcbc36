"""What a server makes of a call that a model writes: it is refused, runs at once, or waits for a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agentspan.agents.canonical_json import CanonicalJson, JsonProblemError, canonical_arguments
from agentspan.agents.testing.approval_rule import rule_verdict
from agentspan.agents.testing.played_call import Gate, PlayedCall
from agentspan.agents.testing.schema_words import schema_problems
from agentspan.v1 import agent_pb2

CALLS_PER_TURN = 128
ARGUMENTS_BYTES = 256 * 1024
_ARGUMENTS_OF_TURN_BYTES = 2 * 1024 * 1024
_CHILDREN = 32
_TOLD = 300
# What a tool that starts runs takes where its definition does not say.
_INPUT_SCHEMA = (
    '{"type":"object","properties":{"input":{"type":"string"}},"required":["input"],"additionalProperties":false}'
)


@dataclass(frozen=True)
class AskedCall:
    """A call as the model writes it."""

    tool_name: str
    arguments: str
    #: Of the step that makes it.
    at: int


class RefusedCallError(Exception):
    """A server refuses the call."""

    def __init__(self, call: AskedCall, problem: str) -> None:
        super().__init__(problem)
        self.call = call
        self.problem = problem


@dataclass(frozen=True)
class Asking:
    """Why a definition asks for people before a call may run."""

    reason: str
    by_rule: bool


def call_of(
    definition: agent_pb2.AgentDefinition, call_id: str, asked: AskedCall, before: Sequence[PlayedCall], size: int
) -> PlayedCall:
    """The call, behind others of the reply whose arguments have so many bytes. Raises RefusedCallError."""
    tool = next(tool for tool in definition.tools if tool.name == asked.tool_name)
    if len(before) >= CALLS_PER_TURN:
        raise RefusedCallError(asked, f"A turn may call at most {CALLS_PER_TURN} tools; call the rest later.")
    own = len(asked.arguments.encode())
    if own > ARGUMENTS_BYTES:
        raise RefusedCallError(asked, f"The arguments have {own} bytes; the limit is {ARGUMENTS_BYTES}.")
    if size + own > _ARGUMENTS_OF_TURN_BYTES:
        most = f"The arguments of this turn exceed {_ARGUMENTS_OF_TURN_BYTES} bytes; make fewer calls at once."
        raise RefusedCallError(asked, most)
    try:
        read = canonical_arguments(asked.arguments)
    except JsonProblemError as error:
        raise RefusedCallError(asked, f"The arguments were refused: {error}") from None
    problems = schema_problems(schema_of(tool), read.value)
    if problems:
        raise RefusedCallError(asked, f"The arguments do not fit the tool's schema: {problems}")
    starts = tool.kind == agent_pb2.TOOL_KIND_AGENT
    if starts and sum(call.starts_run for call in before) >= _CHILDREN:
        raise RefusedCallError(asked, f"A turn may start at most {_CHILDREN} runs; start the rest later.")
    gate, asking = _gate_of(tool, read)
    reason, by_rule = ("", False) if asking is None else (asking.reason, asking.by_rule)
    return PlayedCall(call_id, tool, gate, read.text, read.digest, reason, by_rule)


def schema_of(tool: agent_pb2.Tool) -> str:
    """What its arguments must be."""
    return tool.input_schema_json or _INPUT_SCHEMA


def asks_people(tool: agent_pb2.Tool, args: CanonicalJson) -> Asking | None:
    """Why its definition asks for people before these arguments may run; None where it does not."""
    policy = tool.approval
    if policy.required:
        return Asking("The agent's definition requires approval.", by_rule=False)
    if not policy.rule:
        return None
    verdict = rule_verdict(policy.rule, args.value)
    if verdict.problem is not None:
        told = f"The agent's rule could not be applied, so that approval is required: {verdict.problem[:_TOLD]}"
        return Asking(told, by_rule=True)
    return Asking(f"The agent's rule requires approval: {policy.rule[:_TOLD]}", by_rule=True) if verdict.asks else None


def _gate_of(tool: agent_pb2.Tool, args: CanonicalJson) -> tuple[Gate, Asking | None]:
    if tool.kind == agent_pb2.TOOL_KIND_HUMAN:
        return "plain", None
    asking = asks_people(tool, args)
    if asking is not None:
        return "approval", asking
    return "once" if tool.once else "plain", None
