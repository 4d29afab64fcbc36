"""A run's events, for loops."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from typing import TYPE_CHECKING

from typing_extensions import Unpack

from agentspan.agents.background import network_loop
from agentspan.agents.decide_options import ApproveOptions, DecideOptions, RespondOptions
from agentspan.agents.run_calls import ApproveResult, DecideResult, RunCalls
from agentspan.agents.run_event import RunEvent
from agentspan.agents.run_status import AgentResult

if TYPE_CHECKING:
    from agentspan.agents.agent_handle import AgentHandle


class AgentStream:
    """Each event once and in order, over broken connections, until the run has ended.

    Breaking out of a loop releases the connection; a later loop goes on after the last event that was given. One loop
    at a time, `for` or `async for`.

        for event in stream(agent, "Refund ORD-8821"):
            if event.type == "tool_call":
                print(f"calling {event.tool_name}")
            elif event.type == "done":
                print(event.output["result"])
    """

    def __init__(self, handle: AgentHandle, calls: RunCalls, *, after: int, include_deltas: bool) -> None:
        #: The run's handle.
        self.handle = handle
        self._calls = calls
        self._after = after
        self._include_deltas = include_deltas

    @property
    def run_id(self) -> str:
        """The run's id."""
        return self.handle.run_id

    @property
    def execution_id(self) -> str:
        """The run id by its other name."""
        return self.handle.run_id

    def approve(self, **options: Unpack[ApproveOptions]) -> ApproveResult:
        """Approves what the last `waiting` event showed; see AgentHandle.approve."""
        return self.handle.approve(**options)

    async def approve_async(self, **options: Unpack[ApproveOptions]) -> ApproveResult:
        """As approve."""
        return await self.handle.approve_async(**options)

    def reject(self, reason: str, **options: Unpack[DecideOptions]) -> DecideResult:
        """Rejects what the last `waiting` event showed; see AgentHandle.reject."""
        return self.handle.reject(reason, **options)

    async def reject_async(self, reason: str, **options: Unpack[DecideOptions]) -> DecideResult:
        """As reject."""
        return await self.handle.reject_async(reason, **options)

    def respond(self, content: object, **options: Unpack[RespondOptions]) -> DecideResult:
        """Answers what the last `waiting` event showed; see AgentHandle.respond."""
        return self.handle.respond(content, **options)

    async def respond_async(self, content: object, **options: Unpack[RespondOptions]) -> DecideResult:
        """As respond."""
        return await self.handle.respond_async(content, **options)

    def get_result(self) -> AgentResult:
        """Waits until the run has ended and says what became of it. Takes no events away from a loop."""
        return self.handle.result()

    async def get_result_async(self) -> AgentResult:
        """As get_result."""
        return await self.handle.result_async()

    def __iter__(self) -> Iterator[RunEvent]:
        loop = network_loop()
        events = self._events()
        try:
            while (event := loop.wait(_next(events))) is not None:
                self._after = max(self._after, event.sequence)
                yield event
        finally:
            loop.wait(events.aclose())

    async def __aiter__(self) -> AsyncIterator[RunEvent]:
        loop = network_loop()
        events = self._events()
        try:
            while (event := await loop.wait_async(_next(events))) is not None:
                self._after = max(self._after, event.sequence)
                yield event
        finally:
            # Without waiting: a loop that was cancelled cannot wait any more.
            loop.submit(events.aclose())

    def _events(self) -> AsyncGenerator[RunEvent, None]:
        return self._calls.events(after=self._after, include_deltas=self._include_deltas)


async def _next(events: AsyncGenerator[RunEvent, None]) -> RunEvent | None:
    return await anext(events, None)
