"""While a person is asked, somebody else may decide. Who asks reads no events meanwhile, so this reads them."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING

from agentspan.agents.approval import Decision
from agentspan.agents.background import network_loop
from agentspan.agents.errors import AgentspanError, Reason
from agentspan.agents.tool_context import Cancellation

if TYPE_CHECKING:
    from agentspan.agents.run_event import RunEvent, WaitingEvent
    from agentspan.rpc.run_client import RunClient


class Decided:
    """Says that nobody needs to decide any more, because somebody has or the approval was closed."""

    def __init__(self) -> None:
        self._told = Cancellation()
        self._error: AgentspanError | None = None

    @property
    def error(self) -> AgentspanError | None:
        """Why, as the server refuses whoever decides after it: ALREADY_DECIDED and so on; None while it is not set.

        Where it could not be watched any more this says so: who is asked must not believe that nobody has decided.
        """
        return self._error

    def is_set(self) -> bool:
        """Whether nobody needs to decide any more."""
        return self._told.is_set()

    def wait(self, timeout: float | None = None) -> bool:
        """Blocks a thread until it is set, or for so many seconds; whether it is set."""
        return self._told.wait(timeout)

    async def wait_async(self) -> None:
        """Resolves when it is set."""
        await self._told.wait_async()

    def set(self, error: AgentspanError) -> None:
        """Sets it; only the first reason counts."""
        if not self._told.is_set():
            self._error = error
            self._told.set(error.message)


def watch(event: WaitingEvent, client: RunClient) -> Decided:
    """Watches from now on, until it is set or the runtime is shut down."""
    decided = Decided()
    task = network_loop().submit(_watch(event, client, decided))
    # The loop keeps no task alive by itself.
    _watching.add(task)
    task.add_done_callback(_watching.discard)
    return decided


_watching: set[object] = set()


async def _watch(event: WaitingEvent, client: RunClient, decided: Decided) -> None:
    # What reads events is told what they are; it cannot know of this when it is loaded.
    from agentspan.agents.event_feed import event_feed

    try:
        feed = event_feed(client, event.run_id, after=event.sequence, include_deltas=False)
        async with aclosing(feed) as events:
            async for later in events:
                why = _closing(event, later)
                if why is not None:
                    decided.set(why)
                    return
        # A settlement outlives its run.
        if event.kind != "SETTLEMENT":
            decided.set(_error("RUN_ENDED", f"Run {event.run_id} has ended.", event))
    except AgentspanError as error:
        decided.set(error)
    except asyncio.CancelledError:
        decided.set(_error("INVALID_REQUEST", "The program is at its end.", event))
        raise


def _closing(event: WaitingEvent, later: RunEvent) -> AgentspanError | None:
    """Why it is closed; None where this event does not close it."""
    if later.type == "decided" and later.decision is not None:
        same = later.decision.approval_id == event.approval_id
        return _already_decided(event, later.decision) if same else None
    if later.type == "checkpoint_closed" and later.approval_id == event.approval_id:
        reason: Reason = "APPROVAL_EXPIRED" if later.why == "EXPIRED" else "NOTHING_TO_DECIDE"
        return _error(reason, f"Nobody decides about {event.tool_name} any more: {later.why}.", event)
    if later.type == "late_outcome" and later.settles_approval_id == event.approval_id:
        return _error("ALREADY_DECIDED", f"The worker of {event.tool_name} reported its outcome itself.", event)
    return None


def _already_decided(event: WaitingEvent, decision: Decision) -> AgentspanError:
    """As the server refuses whoever decides after it."""
    message = f"{event.tool_name} has been decided: {decision.outcome} by {decision.decided_by}."
    metadata = {"approvalId": event.approval_id, "winner": decision.decided_by, "outcome": decision.outcome}
    if decision.decided_at is not None:
        metadata["time"] = str(round(decision.decided_at.timestamp() * 1000))
    return AgentspanError("ALREADY_DECIDED", message, metadata=metadata)


def _error(reason: Reason, message: str, event: WaitingEvent) -> AgentspanError:
    return AgentspanError(reason, message, metadata={"approvalId": event.approval_id})
