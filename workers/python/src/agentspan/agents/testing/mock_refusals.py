"""Why no run can take a step, in words that say what to write instead."""

from __future__ import annotations

import json

from agentspan.agents.testing.hidden_frames import of_the_library
from agentspan.agents.testing.kit_error import KitError
from agentspan.agents.testing.played_call import Checkpoint, PlayedCall
from agentspan.agents.testing.played_run import PlayedRun
from agentspan.v1 import agent_pb2

__tracebackhide__ = of_the_library

DECIDED = "MockEvent.waiting() and MockEvent.decided()"
_ANSWERED = 'MockEvent.waiting() and MockEvent.decided("RESPONDED", content=…)'
_OVER = {
    "rejected": "a call that was rejected, and did not run",
    "responded_json": "a call that a person answered in place of the tool",
}


def no_call(run: PlayedRun, name: str) -> str:
    """Of an outcome of a tool, none of whose calls is open."""
    call = f"MockEvent.tool_call({json.dumps(name)}, …) before it"
    outcome = run.last_outcomes.get(name)
    if outcome is None:
        return f"a call that nobody made: put {call}"
    return f"{_OVER.get(outcome, 'a call that has its outcome already')}: put another {call}"


def why_not(run: PlayedRun, call: PlayedCall) -> str:
    """Of a call that no worker can have."""
    name = call.tool.name
    if call.is_question:
        asks = f"{name} asks a person, and has no result before somebody answers"
        return f"{asks}. Put {_ANSWERED} in place of its tool_result."
    checkpoint = next(one for one in run.open_checkpoints if one.call is call)
    needs = f"{name} needs a person's approval, and no server runs it before that"
    missing = f"{votes_text(checkpoint)}: put MockEvent.decided() of others" if checkpoint.votes else f"Put {DECIDED}"
    return f"{needs}. {missing} before its tool_result."


def votes_text(checkpoint: Checkpoint) -> str:
    """How many have agreed by now."""
    return f"{len(checkpoint.votes)} of {checkpoint.votes_required} votes are there"


def what_waits(definition: agent_pb2.AgentDefinition) -> str:
    """Which calls make a run wait."""
    tools, human = definition.tools, agent_pb2.TOOL_KIND_HUMAN
    gated = [tool.name for tool in tools if tool.kind == human or tool.approval.required]
    ruled = [f"{tool.name} where {tool.approval.rule}" for tool in tools if tool.approval.rule]
    some = gated + [told for told in ruled if told.split(" ", 1)[0] not in gated]
    does = f"of this agent's tools {' and '.join(some)} {'does' if len(some) == 1 else 'do'}"
    return f"only a call of a tool that needs approval makes it wait, and {does if some else 'this agent has none'}"


def require_name(text: str, by: str) -> None:
    """Raises KitError where no server takes the name."""
    if by == "":
        raise KitError(f"{text} names nobody, which no server takes.")
    if by.strip() != by:
        raise KitError(f"{text} names somebody with a blank before or behind, which no server takes.")
