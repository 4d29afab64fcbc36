"""What a run of a kit does, in the event loop of the network: follows its events, and decides by the script."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from typing import TypeVar

from agentspan.agents.agent_handle import AgentHandle
from agentspan.agents.approval import Approval
from agentspan.agents.errors import AgentspanError
from agentspan.agents.run_event import RunEvent
from agentspan.agents.run_status import RunStatus
from agentspan.agents.testing.event_lines import event_lines
from agentspan.agents.testing.kit_decision_reader import DecisionReader
from agentspan.agents.testing.kit_decisions import ScriptedDecision, refusal
from agentspan.agents.testing.kit_error import KitError
from agentspan.agents.testing.kit_run_words import ended_early, never_waited, several_wait
from agentspan.agents.testing.kit_verdicts import Verdicts
from agentspan.agents.testing.kit_waits import Waits
from agentspan.agents.testing.kit_world import World
from agentspan.agents.testing.known_tools import KnownTools
from agentspan.agents.testing.tested_run import TestedRun, tested_run

T = TypeVar("T")


class KitRunCalls:
    """One run. Made in the event loop of the network."""

    def __init__(
        self,
        handle: AgentHandle,
        *,
        world: World,
        decisions: DecisionReader,
        tools: KnownTools,
        verdicts: Verdicts,
        model_faults: Callable[[], tuple[list[str], list[str]]],
    ) -> None:
        self.handle = handle
        self._world = world
        self._decisions = decisions
        #: Of its agent, and of those below.
        self._tools = tools
        #: What was asked beyond the model's script, and what of it was not asked for, once this run has ended.
        self._model_faults = model_faults
        self._verdicts = verdicts
        self._events: list[RunEvent] = []
        #: Open, of this run and of those that it started, by approval id.
        self._open: dict[str, Approval] = {}
        #: Of these the script decides, or is asked whether it does: what it will do, as far as that is known.
        self._scripted: dict[str, ScriptedDecision | None] = {}
        self._faults: list[KitError] = []
        self._waits = Waits()
        verdicts.come.append(self._waits.tell)
        self._deciding: set[asyncio.Task[None]] = set()
        self._following = asyncio.create_task(self._follow())
        world.follow(self)

    @property
    def run_id(self) -> str:
        """Its id."""
        return self.handle.run_id

    @property
    def seen(self) -> int | None:
        """The sequence of its last event that was read; None where all of them were."""
        if self._following.done():
            return None
        return self._events[-1].sequence if self._events else 0

    async def waiting(self, tool_name: str | None, approval_id: str = "") -> Approval:
        """Lets happen what must until the run waits for a person: for this tool, also where the script decides it.

        Or for any that the script does not decide.
        """

        def find() -> Approval | None:
            return next(iter(self._matching(tool_name, approval_id)), None)

        found = self._when(find, lambda: never_waited(self._events, tool_name, approval_id))
        approval = await self._world.until(found, self._stuck)
        # Shown, as it is to whoever decides.
        await self.handle.get_status_async()
        return approval

    def _matching(self, tool_name: str | None, approval_id: str) -> list[Approval]:
        if approval_id:
            return [one for one in self._open.values() if one.approval_id == approval_id]
        return [
            one
            for one in self._open.values()
            if tool_name == one.tool_name or (tool_name is None and one.approval_id not in self._scripted)
        ]

    async def decide(self, decision: ScriptedDecision, tool_name: str | None, approval_id: str) -> None:
        """Does that about what it waits for, after waiting for it."""
        approval = await self.waiting(tool_name, approval_id)
        several = self._matching(tool_name, approval_id)
        if len(several) > 1:
            raise await self._fault(several_wait(several))
        try:
            closed = decision.act is not None and await decision.act(self.handle, approval)
        except (AgentspanError, KitError) as error:
            raise await self._fault(refusal(decision, approval.tool_name, error)) from error
        if closed:
            # So that what waits next is something else.
            await self._waits.found(lambda: approval.approval_id not in self._open)

    async def result(self) -> TestedRun:
        """Lets happen what must until the run has ended. Raises KitError where that is not what the script says."""
        await self._world.until(self._ended(), self._stuck)
        unexpected, unused = self._model_faults()
        faults = [*unexpected, *unused, *self._decisions.faults]
        if faults:
            early = ended_early(await self.handle.get_status_async()) if unused else []
            raise KitError("\n".join([*early, *faults, "", await self._lines()]))
        return await self.so_far()

    async def so_far(self) -> TestedRun:
        """The run as it stands. Lets nothing happen."""
        return tested_run(await self.handle.get_status_async(), self._events, self._tools)

    async def close(self) -> None:
        """Ends the following, and the run as well: it would go on without the kit."""
        for task in (self._following, *self._deciding):
            task.cancel()
        await asyncio.wait({self._following, *self._deciding})
        status = await self.handle.get_status_async()
        # As far as it came: a test that fails shows it.
        tested_run(status, self._events, self._tools)
        if status.is_complete:
            return
        try:
            await self.handle.cancel_async("The test is over.")
        except AgentspanError as error:
            # It may have ended meanwhile.
            if error.reason != "RUN_ENDED":
                raise

    async def _follow(self) -> None:
        try:
            async with aclosing(self.handle._calls.events(after=0, include_deltas=False)) as events:
                async for event in events:
                    self._events.append(event)
                    self._take(event)
                    self._waits.tell()
        finally:
            self._open.clear()
            # Once it counts as ended.
            asyncio.get_running_loop().call_soon(self._waits.tell)

    def _take(self, event: RunEvent) -> None:
        if event.type == "waiting":
            self._open[event.approval_id] = event.approval
            self._scripted[event.approval_id] = None
            self._world.under_way.begin()
            task = asyncio.create_task(self._decide_by_script(event.approval))
            self._deciding.add(task)
            task.add_done_callback(self._deciding.discard)
        elif event.type == "decided" and event.decision is not None:
            self._open.pop(event.decision.approval_id, None)
            self._decisions.closed(event.decision.approval_id)
        elif event.type == "checkpoint_closed":
            closed = self._open.pop(event.approval_id, None)
            if closed is not None and event.why == "EXPIRED":
                self._decisions.expired(closed)
            else:
                self._decisions.closed(event.approval_id)
        elif event.type == "child_started":
            for call in self._events:
                if call.type == "tool_call" and call.call_id == event.call_id:
                    self._decisions.ran(call.tool_name)

    async def _decide_by_script(self, approval: Approval) -> None:
        """What goes wrong is told to whoever waits for the run. It is under way from the event on."""
        try:
            await self._scripted_decisions(approval)
        except Exception as error:  # noqa: BLE001 - whatever an author's code or the server says is told
            made = self._scripted.get(approval.approval_id)
            self._faults.append(await self._fault(refusal(made, approval.tool_name, error)))
        finally:
            self._world.under_way.end()
            self._waits.tell()

    async def _scripted_decisions(self, approval: Approval) -> None:
        approval_id, again = approval.approval_id, False
        while True:
            decision = await self._decisions.next(approval, again=again)
            if decision is None or decision.act is None:
                self._scripted.pop(approval_id, None)
                return
            self._scripted[approval_id] = decision
            if decision.after > 0:
                await self._world.later(decision.after)
            await self._preview_taken(approval)
            if approval_id not in self._open or await decision.act(self.handle, approval):
                return
            again = True

    async def _preview_taken(self, approval: Approval) -> None:
        """Whoever decides looks at what the call would do first, where its tool shows that."""
        if approval.preview is None or approval.preview.status != "PENDING":
            return
        approval_id = approval.approval_id

        def taken() -> bool:
            return approval_id not in self._open or any(
                event.type == "preview_taken" and event.approval_id == approval_id for event in self._events
            )

        under_way = self._world.under_way
        if not taken():
            # A worker looks, or its time passes.
            under_way.end()
            try:
                await self._waits.found(taken, under_way.begin)
            except asyncio.CancelledError:
                under_way.begin()
                raise
        await self.handle.get_status_async()

    async def _ended(self) -> None:
        await self._waits.found(lambda: self._fails or self._following.done())
        self._verdicts.tell()
        if self._faults:
            raise self._faults.pop(0)
        # What went wrong with reading it.
        self._following.result()

    async def _when(self, find: Callable[[], T | None], never: Callable[[], str]) -> T:
        """What there is to find, once it is there. Raises KitError where the run has ended without."""
        await self._waits.found(lambda: self._fails or find() is not None or self._following.done())
        found = None if self._fails else find()
        if found is not None:
            return found
        await self._ended()
        raise await self._fault(never())

    @property
    def _fails(self) -> bool:
        return self._verdicts.any or bool(self._faults)

    async def _stuck(self) -> KitError | None:
        """Why the run never ends, where it waits for people and nobody comes."""
        status = await self.handle.get_status_async()
        if status.state == "PAUSED":
            return await self._fault("The run is paused, and nobody resumes it.")
        if status.state != "WAITING":
            return await self._unserved(status)
        pending = status.pending_approvals
        lasting = [one for one in pending if one.expires_at is None and one.approval_id not in self._scripted]
        if not lasting or len(lasting) < len(pending):
            return None
        names = " and ".join(f"{one.tool_name} {one.arguments_json}" for one in lasting)
        remedy = (
            f'Write down what they do, as decisions={{"{lasting[0].tool_name}": approve()}} of the kit, or decide in '
            "the test, as with run.approve()."
        )
        return await self._fault(f"The run waits for a person to decide {names}, and nobody does. {remedy}")

    async def _unserved(self, status: RunStatus) -> KitError | None:
        unserved = [one.tool_name for one in status.blocked if one.why == "NO_WORKER"]
        if status.is_complete or not unserved:
            return None
        return await self._fault(f"The run waits for a worker that serves {' and '.join(unserved)}, and there is none.")

    async def _fault(self, text: str) -> KitError:
        return KitError(f"{text}\n\n{await self._lines()}")

    async def _lines(self) -> str:
        return event_lines(await self.so_far())
