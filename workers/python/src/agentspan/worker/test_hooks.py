"""For tests only: what a kit has done in place of a tool's functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from agentspan.agents.tool_function import ToolFunction

if TYPE_CHECKING:
    from agentspan.worker.task_in_hand import TaskInHand

ToolRole = Literal["execute", "probe", "preview"]
"""Which of a tool's functions is called."""


class WorkerTestHooks:
    """Points of a task's life. These do nothing; what a test needs it overrides. Called in the network's event loop."""

    def function(self, task: TaskInHand, role: ToolRole, own: ToolFunction) -> ToolFunction:
        """What is called for a task: the tool's own function, or something else in its place."""
        return own

    def after_execute(self, task: TaskInHand) -> None:
        """The function has returned or raised; nothing is reported yet.

        What this raises ends the task like a lost process would: nothing more is sent for it.
        """


NO_HOOKS = WorkerTestHooks()
"""Of every worker outside of tests."""
