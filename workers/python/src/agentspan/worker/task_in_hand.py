"""One attempt that a worker claims, runs or reports. It is in hand until the server has answered for it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Any

from agentspan.agents.tool import Tool
from agentspan.agents.tool_context import Cancellation
from agentspan.v1 import worker_pb2
from agentspan.worker.task_message import TaskMessage

LEFT_TO_OTHERS_S = 1.0
"""What cannot be taken here now is left to others for so long."""


@dataclass(eq=False)
class TaskInHand:
    """An attempt, with the nonce that lives in this process's memory alone: 128 random bits."""

    run_id: str
    call_id: str
    attempt: int
    tool: Tool[..., Any]
    #: The orchestrator that announced it.
    announced_by: str
    #: Hints that wait for the claim's answer; None once it is there.
    hints: list[TaskMessage] | None
    nonce: str = field(default_factory=lambda: secrets.token_hex(16))
    #: Told by the server, by the deadline, or by shutdown.
    cancelled: Cancellation = field(default_factory=Cancellation)
    #: The function has been called.
    begun: bool = False
    #: Its preview is being taken: what it would do is looked at, and nothing of the attempt itself is in hand.
    looks: bool = False

    @property
    def tool_name(self) -> str:
        return self.tool.name

    @property
    def key(self) -> str:
        """Names the attempt: two hints of one key are about the same thing."""
        return attempt_key(self)

    @property
    def fields(self) -> dict[str, Any]:
        """For logs."""
        return {"run_id": self.run_id, "call_id": self.call_id, "attempt": self.attempt, "tool": self.tool.name}

    def join(self, message: TaskMessage) -> None:
        """A further hint of the same attempt: this claim's answer is its answer too."""
        if self.hints is None:
            message.ack()
        else:
            self.hints.append(message)

    def hold_hints(self) -> None:
        """The claim takes longer than one try: nobody else should try as well."""
        for message in self.hints or []:
            message.working()

    def acknowledge_hints(self) -> None:
        """The claim is answered, either way."""
        for message in self.hints or []:
            message.ack()
        self.hints = None

    def give_hints_back(self, after: float) -> None:
        """What is asked cannot be done here: another worker may have the hints after so many seconds."""
        for message in self.hints or []:
            message.give_back(after)
        self.hints = None


def task_in_hand(hint: worker_pb2.TaskHint, tool: Tool[..., Any], message: TaskMessage) -> TaskInHand:
    """The attempt that a hint names."""
    return TaskInHand(hint.run_id, hint.call_id, hint.attempt, tool, hint.orchestrator_id, [message])


def attempt_key(of: TaskInHand | worker_pb2.TaskHint) -> str:
    """Names an attempt."""
    return f"{of.run_id}/{of.call_id}/{of.attempt}"
