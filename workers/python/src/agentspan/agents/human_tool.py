"""Tools that people carry out."""

from __future__ import annotations

import json
from typing import Any, Literal, cast

from typing_extensions import TypedDict, Unpack

from agentspan.agents.approval_policy import ApprovalOptions, ApproverOptions, policy_of
from agentspan.agents.duration import Duration
from agentspan.agents.errors import invalid
from agentspan.agents.input_schema import JsonSchema, schema_of_model
from agentspan.agents.limits import TOOL_DESCRIPTION_BYTES, TOOL_SCHEMA_BYTES, require_name, require_size
from agentspan.v1 import agent_pb2

_QUESTION: JsonSchema = {
    "type": "object",
    "properties": {"question": {"type": "string", "description": "What people are asked."}},
    "required": ["question"],
    "additionalProperties": False,
}


class AnswerTerms(TypedDict, total=False):
    """Who may answer, and until when: as with approvals. Whoever started the run may, unless `approvers` says who."""

    explicit: bool
    approvers: ApproverOptions
    expires_in: Duration
    on_expiry: Literal["reject", "fail", "escalate"]
    escalate_to: ApproverOptions
    escalation_expires_in: Duration
    remind_every: Duration


class HumanTool:
    """A tool that people carry out, ready to be listed by an agent. No worker serves it."""

    def __init__(self, name: str, message: agent_pb2.Tool) -> None:
        self.name = name
        #: As an agent's definition tells it.
        self.message = message

    def __repr__(self) -> str:
        return f"<human tool {self.name}>"


def human_tool(
    name: str,
    description: str,
    *,
    parameters: JsonSchema | type | None = None,
    answer: JsonSchema | type | Any | None = None,
    **terms: Unpack[AnswerTerms],
) -> HumanTool:
    """Makes a tool that asks people.

    A call of it waits, at no cost, until somebody answers with `respond`; what they say, checked against `answer`, is
    the call's result. `reject` declines: the model gets the reason. `parameters` is what is asked, {"question"} where
    left out; `answer` what an answer must be, any JSON where left out. Both are a JSON Schema, or a type that pydantic
    knows. Raises INVALID_REQUEST or LIMIT_EXCEEDED where the options cannot be used.
    """
    owner = f"tool {json.dumps(name, default=str)}"
    require_name(name, "a tool")
    if not isinstance(description, str) or not description.strip():
        raise invalid(f"The {owner} has no description.", "description", "must be text")
    require_size(description, TOOL_DESCRIPTION_BYTES, f"description of {owner}")
    asked = schema_of_model(_QUESTION if parameters is None else parameters, f"{owner}.parameters")
    answered = "" if answer is None else schema_of_model(answer, f"{owner}.answer", of_object=False)
    for schema in (asked, answered):
        require_size(schema, TOOL_SCHEMA_BYTES, f"schema of {owner}")
    message = agent_pb2.Tool(
        name=name,
        description=description,
        input_schema_json=asked,
        kind=agent_pb2.TOOL_KIND_HUMAN,
        answer_schema_json=answered,
    )
    if terms:
        unknown = next((key for key in terms if key not in AnswerTerms.__annotations__), None)
        if unknown is not None:
            words = f"is not an option of human_tool(). Its options are {', '.join(AnswerTerms.__annotations__)}"
            raise invalid(f"{unknown!r} {words}.", unknown, words)
        policy = policy_of(cast("ApprovalOptions", terms), owner)
        policy.required = False
        message.approval.CopyFrom(policy)
    return HumanTool(name, message)
