"""One run of a kit, as a test reaches it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentspan.agents.agent_handle import AgentHandle
from agentspan.agents.approval import Approval
from agentspan.agents.run_calls import SettleOutcome
from agentspan.agents.run_status import RunStatus
from agentspan.agents.testing.hidden_frames import of_the_library
from agentspan.agents.testing.kit_decisions import (
    ScriptedDecision,
    approve,
    approve_with,
    reject,
    respond,
    settle,
)
from agentspan.agents.testing.kit_run_calls import KitRunCalls
from agentspan.agents.testing.kit_wait import wait, wait_async
from agentspan.agents.testing.tested_run import TestedRun

__tracebackhide__ = of_the_library


class KitRun:
    """A run that a kit has started. Each method has a twin in _async for event loops.

    What waits here lets happen meanwhile what must, and time pass as far as that takes.
    """

    def __init__(self, calls: KitRunCalls) -> None:
        self._calls = calls

    def __repr__(self) -> str:
        return f"<kit run {self.run_id}>"

    @property
    def run_id(self) -> str:
        """The run's id."""
        return self._calls.run_id

    @property
    def handle(self) -> AgentHandle:
        """As programs have it."""
        return self._calls.handle

    def waiting(self, tool_name: str | None = None) -> Approval:
        """Lets happen what must until the run waits for a person: for this tool, also where the script decides it.

        Or for any that the script does not decide.
        """
        return wait(self._calls.waiting(tool_name))

    async def waiting_async(self, tool_name: str | None = None) -> Approval:
        """As waiting."""
        return await wait_async(self._calls.waiting(tool_name))

    def approve(self, tool_name: str | None = None, *, by: str = "", comment: str = "", approval_id: str = "") -> None:
        """Approves what it waits for, after waiting for it. Which one is to be said where several wait."""
        self._decide(approve(by=by, comment=comment), tool_name, approval_id)

    async def approve_async(
        self, tool_name: str | None = None, *, by: str = "", comment: str = "", approval_id: str = ""
    ) -> None:
        """As approve."""
        await self._decide_async(approve(by=by, comment=comment), tool_name, approval_id)

    def approve_with(
        self,
        args: Mapping[str, Any],
        tool_name: str | None = None,
        *,
        by: str = "",
        comment: str = "",
        approval_id: str = "",
    ) -> None:
        """The same, with other arguments."""
        self._decide(approve_with(args, by=by, comment=comment), tool_name, approval_id)

    async def approve_with_async(
        self,
        args: Mapping[str, Any],
        tool_name: str | None = None,
        *,
        by: str = "",
        comment: str = "",
        approval_id: str = "",
    ) -> None:
        """As approve_with."""
        await self._decide_async(approve_with(args, by=by, comment=comment), tool_name, approval_id)

    def reject(self, reason: str, tool_name: str | None = None, *, by: str = "", approval_id: str = "") -> None:
        """Rejects what it waits for, after waiting for it."""
        self._decide(reject(reason, by=by), tool_name, approval_id)

    async def reject_async(
        self, reason: str, tool_name: str | None = None, *, by: str = "", approval_id: str = ""
    ) -> None:
        """As reject."""
        await self._decide_async(reject(reason, by=by), tool_name, approval_id)

    def respond(
        self, content: object, tool_name: str | None = None, *, by: str = "", comment: str = "", approval_id: str = ""
    ) -> None:
        """Answers what it waits for, after waiting for it."""
        self._decide(respond(content, by=by, comment=comment), tool_name, approval_id)

    async def respond_async(
        self, content: object, tool_name: str | None = None, *, by: str = "", comment: str = "", approval_id: str = ""
    ) -> None:
        """As respond."""
        await self._decide_async(respond(content, by=by, comment=comment), tool_name, approval_id)

    def settle(
        self,
        outcome: SettleOutcome,
        tool_name: str | None = None,
        *,
        result: object = None,
        by: str = "",
        comment: str = "",
        approval_id: str = "",
    ) -> None:
        """Says what became of a call whose outcome nobody knows, after waiting for that."""
        self._decide(settle(outcome, result=result, by=by, comment=comment), tool_name, approval_id)

    async def settle_async(
        self,
        outcome: SettleOutcome,
        tool_name: str | None = None,
        *,
        result: object = None,
        by: str = "",
        comment: str = "",
        approval_id: str = "",
    ) -> None:
        """As settle."""
        await self._decide_async(settle(outcome, result=result, by=by, comment=comment), tool_name, approval_id)

    def cancel(self, reason: str = "") -> None:
        """Ends the run."""
        self.handle.cancel(reason)

    async def cancel_async(self, reason: str = "") -> None:
        """As cancel."""
        await self.handle.cancel_async(reason)

    def status(self) -> RunStatus:
        """Where the run stands."""
        return self.handle.get_status()

    async def status_async(self) -> RunStatus:
        """As status."""
        return await self.handle.get_status_async()

    def result(self) -> TestedRun:
        """Lets happen what must until the run has ended.

        Raises KitError where it never will, where the model was asked for a turn that its script does not have, where
        turns of the script are left over, and where what people decide by the script came to nothing.
        """
        return wait(self._calls.result())

    async def result_async(self) -> TestedRun:
        """As result."""
        return await wait_async(self._calls.result())

    def so_far(self) -> TestedRun:
        """The run as it stands. Lets nothing happen."""
        return wait(self._calls.so_far())

    async def so_far_async(self) -> TestedRun:
        """As so_far."""
        return await wait_async(self._calls.so_far())

    def _decide(self, decision: ScriptedDecision, tool_name: str | None, approval_id: str) -> None:
        wait(self._calls.decide(decision, tool_name, approval_id))

    async def _decide_async(self, decision: ScriptedDecision, tool_name: str | None, approval_id: str) -> None:
        await wait_async(self._calls.decide(decision, tool_name, approval_id))
