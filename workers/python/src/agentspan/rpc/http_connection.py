"""One connection of HTTP/1.1, in an event loop: a request at a time."""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from urllib.parse import SplitResult

import h11

from agentspan.agents.within import within

_READ_BYTES = 64 * 1024
# A watched run may be silent for days; probes notice a connection that died without a word.
_PROBE_AFTER_S = 30
_PROBE_EVERY_S = 10
_PROBES = 3


class ConnectionFailedError(Exception):
    """No answer came over this connection; `began` says whether some of one did."""

    def __init__(self, why: object, *, began: bool) -> None:
        super().__init__(str(why))
        self.began = began


@dataclass(frozen=True)
class ResponseHead:
    """How an answer begins."""

    status: int
    headers: dict[str, str]


class HttpConnection:
    """Used by one request at a time; whoever opens it closes it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._state = h11.Connection(h11.CLIENT)
        self._began = False
        #: By the monotonic clock.
        self.idle_since = time.monotonic()

    @staticmethod
    async def open(url: SplitResult, tls: ssl.SSLContext | None, timeout: float) -> HttpConnection:
        """Raises OSError (TLS's own errors among them) or TimeoutError."""
        port = url.port or (443 if tls is not None else 80)
        opening = asyncio.open_connection(url.hostname, port, ssl=tls)
        reader, writer = await within(timeout, opening, discard=lambda both: both[1].close())
        _keep_alive(writer.get_extra_info("socket"))
        return HttpConnection(reader, writer)

    async def send(
        self, target: str, headers: Sequence[tuple[str, str]], body: bytes, *, method: str = "POST"
    ) -> ResponseHead:
        """Sends a request and waits for the head of its answer. Raises ConnectionFailedError."""
        self._began = False
        request = h11.Request(method=method, target=target, headers=list(headers))
        try:
            for part in (request, h11.Data(data=body), h11.EndOfMessage()):
                self._writer.write(self._state.send(part) or b"")
            await self._writer.drain()
            while True:
                event = await self._next()
                if isinstance(event, h11.Response):
                    names = {name.decode("ascii").lower(): value.decode("latin-1") for name, value in event.headers}
                    return ResponseHead(event.status_code, names)
        except (OSError, h11.ProtocolError) as error:
            raise ConnectionFailedError(error, began=self._began) from error

    async def body(self) -> AsyncIterator[bytes]:
        """The pieces of the answer as they come. Raises ConnectionFailedError where it ends before its end."""
        try:
            while True:
                event = await self._next()
                if isinstance(event, h11.EndOfMessage):
                    return
                if isinstance(event, h11.Data):
                    yield bytes(event.data)
        except (OSError, h11.ProtocolError) as error:
            raise ConnectionFailedError(error, began=True) from error

    def reuse(self) -> bool:
        """Makes it ready for another request; False where it must be closed."""
        if self._state.our_state is not h11.DONE or self._state.their_state is not h11.DONE:
            return False
        self._state.start_next_cycle()
        self.idle_since = time.monotonic()
        return not self._writer.is_closing() and not self._reader.at_eof()

    def close(self) -> None:
        """At once, without waiting for the other side."""
        transport = self._writer.transport
        transport.abort()

    async def _next(self) -> h11.Event | type[h11.PAUSED]:
        while True:
            event = self._state.next_event()
            if event is not h11.NEED_DATA:
                return event  # type: ignore[return-value]
            data = await self._reader.read(_READ_BYTES)
            self._began = self._began or bool(data)
            if not data and self._state.their_state is h11.SEND_RESPONSE:
                raise ConnectionResetError("it was closed before an answer")
            self._state.receive_data(data)


def _keep_alive(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (
        ("TCP_KEEPIDLE", _PROBE_AFTER_S),
        ("TCP_KEEPINTVL", _PROBE_EVERY_S),
        ("TCP_KEEPCNT", _PROBES),
    ):
        # Not every system has each of them; without them its own times hold.
        option = getattr(socket, name, None)
        if option is not None:
            connection.setsockopt(socket.IPPROTO_TCP, option, value)
