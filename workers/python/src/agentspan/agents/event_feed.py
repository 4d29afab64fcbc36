"""A run's events over connections that break. What it keeps:

1. Each stored event once and in order: `after` is the last sequence given out; what is not larger is dropped, and a gap
   is a broken connection, since reading again from `after` fills it.
2. It ends after the terminal event and what the server has to say after it, or where the run turns out to have ended
   before `after`.
3. A run may be silent for days, a server may not: patience counts from the moment a connection broke, and anything that
   the server answers renews it. A connection that was silent for a minute is asked about beside it: HTTP/1.1 has no
   pings, and a server that hangs ends nothing.
"""

from __future__ import annotations

import asyncio
import functools
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing

from agentspan.agents.errors import AgentspanError
from agentspan.agents.event_mapping import run_event_of
from agentspan.agents.run_event import TERMINAL, RunEvent
from agentspan.rpc.methods import GET_STATUS, STREAM_EVENTS
from agentspan.rpc.run_client import RunClient, backoff
from agentspan.v1 import run_pb2

_SILENCE_S = 60.0
# Without any answer for so long a feed gives up on a server that it had reached.
_SILENT_SERVER_S = 600.0


async def event_feed(
    client: RunClient, run_id: str, *, after: int, include_deltas: bool, silence: float = _SILENCE_S
) -> AsyncGenerator[RunEvent, None]:
    """Raises the AgentspanError that repeating cannot help."""
    failed = 1
    while True:
        try:
            asked = run_pb2.StreamEventsRequest(run_id=run_id, after_sequence=after, include_deltas=include_deltas)
            terminal = False
            async with aclosing(client.stream(STREAM_EVENTS, asked)) as answers:
                while True:
                    missed = functools.partial(_missed, client, run_id, after)
                    answer = await _next(answers, silence, missed)
                    if answer is None:
                        break
                    event = run_event_of(answer.event)
                    if event.sequence > after + 1:
                        raise _gap(run_id, after, event.sequence)
                    if event.sequence in (0, after + 1):
                        failed = 0
                        after = max(after, event.sequence)
                        terminal = terminal or event.type in TERMINAL
                        yield event
            if terminal:
                return
        except AgentspanError as error:
            # A stream ends with its token. Where there is no newer one, the next call says so.
            outlived_its_token = error.reason == "UNAUTHENTICATED" and client.renews_key
            if not error.retryable and not outlived_its_token:
                raise
        if await _has_ended(client, run_id, after):
            return
        await asyncio.sleep(backoff(max(1, failed), 0.1, 5.0))
        failed += 1


async def _next(
    answers: AsyncGenerator[run_pb2.StreamEventsResponse, None], silence: float, missed: Callable[[], Awaitable[bool]]
) -> run_pb2.StreamEventsResponse | None:
    """The next answer; None where there are no more. Raises BUS_UNAVAILABLE where one should have come."""
    coming = asyncio.ensure_future(_step(answers))
    try:
        while True:
            done, _ = await asyncio.wait({coming}, timeout=silence)
            if done:
                return coming.result()
            if await missed() and not coming.done():
                raise AgentspanError("BUS_UNAVAILABLE", "A stream was silent about what has happened; reading again.")
    finally:
        if not coming.done():
            coming.cancel()
            # Until it has let go of the stream nobody else may.
            await asyncio.wait({coming})


async def _step(
    answers: AsyncGenerator[run_pb2.StreamEventsResponse, None],
) -> run_pb2.StreamEventsResponse | None:
    return await anext(answers, None)


async def _missed(client: RunClient, run_id: str, after: int) -> bool:
    """Whether more has happened than a stream has told."""
    status = (await client.call(GET_STATUS, run_pb2.GetStatusRequest(run_id=run_id))).status
    return status.last_sequence > after


async def _has_ended(client: RunClient, run_id: str, after: int) -> bool:
    """Whether the run has ended and has nothing after this sequence. Asks until the server is back."""
    begun = time.monotonic()
    while True:
        try:
            status = (await client.call(GET_STATUS, run_pb2.GetStatusRequest(run_id=run_id))).status
        except AgentspanError as error:
            patient = client.reached and time.monotonic() - begun < _SILENT_SERVER_S
            if not error.retryable or not patient:
                raise
        else:
            return status.is_complete and status.last_sequence <= after


def _gap(run_id: str, after: int, got: int) -> AgentspanError:
    return AgentspanError("BUS_UNAVAILABLE", f"The events of run {run_id} jumped from {after} to {got}; reading again.")
