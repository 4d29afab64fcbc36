"""Calls of the contract, repeated while repeating can help."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncGenerator

from agentspan.agents.errors import AgentspanError
from agentspan.rpc.call_error import is_unreachable
from agentspan.rpc.connect_transport import ConnectTransport
from agentspan.rpc.methods import I, Method, O

FIRST_CONTACT_S = 2.0
"""A server that never answered this client is given up on after this long: a person is waiting for the sentence."""

# One try waits this long for its answer; the last one, at the end of the patience, at least so long.
_ATTEMPT_S = 10.0
_LAST_ATTEMPT_S = 1.0


def backoff(failed: int, first: float, most: float) -> float:
    """Seconds to wait before the try after so many failed ones: doubling, half of it by lot."""
    ceiling = min(most, first * 2.0 ** min(failed - 1, 30))
    return ceiling * (0.5 + random.random() / 2)


class RunClient:
    """Repeats UNAVAILABLE, RATE_LIMITED and CONFLICT, with backoff, honouring the server's RetryInfo.

    That is safe for every call, since those that change something carry a key (idempotency key, decision id) or may be
    said twice.
    """

    def __init__(self, transport: ConnectTransport, *, patience: float, renews_key: bool = False) -> None:
        self._transport = transport
        self._patience = patience
        #: Each call asks for its API key or token anew: one that was refused says nothing of the next.
        self.renews_key = renews_key
        #: Whether a server has ever answered this client.
        self.reached = False
        self._closed = False

    async def call(self, method: Method[I, O], request: I) -> O:
        """Raises the last AgentspanError."""
        begun = time.monotonic()
        failed = 0
        while True:
            self._require_open()
            left = self._patience - (time.monotonic() - begun)
            try:
                timeout = max(_LAST_ATTEMPT_S, min(_ATTEMPT_S, left))
                answer = await self._transport.unary(method, request, timeout)
            except AgentspanError as error:
                if not is_unreachable(error):
                    self.reached = True
                failed += 1
                wait = backoff(failed, 0.1, 5.0) if error.retry_after is None else error.retry_after
                patience = self._patience if self.reached else min(FIRST_CONTACT_S, self._patience)
                if not error.retryable or time.monotonic() - begun + wait >= patience:
                    raise
                await asyncio.sleep(wait)
            else:
                self.reached = True
                return answer

    async def stream(self, method: Method[I, O], request: I) -> AsyncGenerator[O, None]:
        """One try at a stream of answers. Raises as `call` does, without repeating."""
        self._require_open()
        answers = self._transport.stream(method, request)
        try:
            async for answer in answers:
                self.reached = True
                yield answer
        finally:
            await answers.aclose()

    def close(self) -> None:
        """Breaks what is under way and refuses what comes."""
        self._closed = True
        self._transport.close()

    def _require_open(self) -> None:
        if self._closed:
            raise AgentspanError("INVALID_REQUEST", "This runtime has been shut down; make another.")
