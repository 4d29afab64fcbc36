"""What a worker serves, by queue and name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from agentspan.agents.agent import Agent
from agentspan.agents.tool import Tool
from agentspan.v1 import worker_pb2


@dataclass(frozen=True)
class ServedTool:
    """A tool at the place where workers take its tasks."""

    queue: str
    tool: Tool[..., Any]

    def declared(self) -> worker_pb2.WorkerTool:
        """As the server is told of it."""
        tool = self.tool
        message = worker_pb2.WorkerTool(
            queue=self.queue,
            name=tool.name,
            input_schema_json=tool.schema.json_text,
            approval_required=tool.approval_required,
            once=tool.once,
            probe=tool.probe is not None,
            enforces_idempotency=tool.enforces_idempotency,
        )
        if tool.message.HasField("preview"):
            message.preview.CopyFrom(tool.message.preview)
        return message


class ServedTools:
    """A later definition of the same replaces the one before."""

    def __init__(self) -> None:
        self._tools: dict[tuple[str, str], ServedTool] = {}
        #: Rises when the server must be told: something is served that was not, or is declared otherwise.
        self.version = 0

    def add(self, agents: Sequence[Agent]) -> None:
        """Serves the tools of these agents too."""
        for agent in agents:
            for tool in agent.served:
                served = ServedTool(agent.queue_of(tool), tool)
                key = (served.queue, tool.name)
                before = self._tools.get(key)
                if before is None or before.declared() != served.declared():
                    self.version += 1
                self._tools[key] = served

    def list(self) -> Sequence[ServedTool]:
        """In the order in which they were added."""
        return list(self._tools.values())

    def current(self, served: ServedTool) -> Tool[..., Any]:
        """What is served there now."""
        return self._tools.get((served.queue, served.tool.name), served).tool
