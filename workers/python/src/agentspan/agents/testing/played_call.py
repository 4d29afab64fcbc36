"""What a made-up run keeps of its open calls, and of what it waits for people for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from agentspan.v1 import agent_pb2, approval_pb2

Gate = Literal["plain", "once", "approval"]


@dataclass
class PlayedCall:
    """A call of the model's last reply."""

    call_id: str
    tool: agent_pb2.Tool
    gate: Gate
    #: RFC 8785 text, and its digest.
    arguments: str
    digest: str
    #: Why it waits for a person; empty where it does not.
    reason: str
    #: Nothing but the tool's rule asks for people.
    by_rule: bool = False
    #: ready: a worker may run it. starting: a run is to be started for it.
    state: Literal["gated", "ready", "starting", "finished"] = "ready"

    @property
    def is_question(self) -> bool:
        """People are asked, and no worker."""
        return self.tool.kind == agent_pb2.TOOL_KIND_HUMAN

    @property
    def starts_run(self) -> bool:
        """Another agent's run is its result."""
        return self.tool.kind == agent_pb2.TOOL_KIND_AGENT

    def begin(self) -> None:
        """Nothing keeps it any more."""
        self.state = "starting" if self.starts_run else "ready"


@dataclass
class Checkpoint:
    """The run waits for a person about a call."""

    approval_id: str
    call: PlayedCall
    kind: approval_pb2.ApprovalKind
    #: Of the arguments that it asks about by now.
    arguments: str
    digest: str
    votes_required: int
    #: Milliseconds since the epoch; None where it never does.
    expires_at: int | None
    #: Nobody decided in time, and others decide.
    escalated: bool = False
    #: Who has approved by now.
    votes: list[str] = field(default_factory=list)
    closed: bool = False

    @property
    def is_question(self) -> bool:
        """It asks for an answer."""
        return self.kind == approval_pb2.APPROVAL_KIND_QUESTION


@dataclass(frozen=True)
class Rejection:
    """Why a person's word is not taken."""

    reason: str
    message: str


@dataclass(frozen=True)
class Taken:
    """A person's word is taken."""

    #: It was the last that was needed.
    closed: bool
    votes_missing: int
