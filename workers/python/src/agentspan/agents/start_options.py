"""How a run is started."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from typing_extensions import TypedDict

from agentspan.agents.agent import Agent
from agentspan.agents.approval_policy import require_options
from agentspan.agents.duration import Duration, to_message
from agentspan.agents.errors import invalid
from agentspan.agents.ids import new_id
from agentspan.v1 import run_pb2

AgentSource: TypeAlias = Agent | str | tuple[str, str]
"""An agent of this program, or the name of one that the server has, or its name and version."""


class StartOptions(TypedDict, total=False):
    """What may be said of a run."""

    #: The same key gives the same run; a fresh one unless said. At most 256 bytes.
    idempotency_key: str
    #: What the run is found by.
    labels: Mapping[str, str]
    #: Overrides the agent's own.
    deadline: Duration
    #: For whom a delegate starts the run.
    on_behalf_of: str
    #: Whether this process serves the agent's tools; True unless said. False where another process serves them.
    serve: bool


_KINDS = {"idempotency_key": str, "labels": Mapping, "deadline": object, "on_behalf_of": str, "serve": bool}


def start_request(agent: AgentSource, said: str, options: StartOptions) -> run_pb2.StartRequest:
    """The request that starts it. Raises INVALID_REQUEST."""
    require_options(options, "The start of a run", _KINDS)
    if not isinstance(said, str):
        raise invalid(f"The input of a run is {said!r}; it must be text.", "input", "must be text")
    request = run_pb2.StartRequest(
        input=said,
        idempotency_key=options.get("idempotency_key") or new_id("key"),
        labels=dict(options.get("labels", {})),
        on_behalf_of=options.get("on_behalf_of", ""),
    )
    if isinstance(agent, Agent):
        request.agent.CopyFrom(agent.definition)
    elif isinstance(agent, str):
        request.agent_name = agent
    elif isinstance(agent, tuple) and len(agent) == 2:
        request.agent_name, request.agent_version = agent
    else:
        message = f"A run is of an Agent, the name of one, or (name, version), and not of {agent!r}."
        raise invalid(message, "agent", "is no agent")
    if "deadline" in options:
        request.deadline.CopyFrom(to_message(options["deadline"], "deadline"))
    return request
