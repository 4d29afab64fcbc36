"""Connect's protocol over HTTP/1.1, on the server's one port.

A library of gRPC brings threads of its own, which a process that forks takes with it half alive; sockets it does not.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import struct
import time
from collections.abc import AsyncGenerator, AsyncIterator
from urllib.parse import urlsplit

from agentspan import __version__
from agentspan.agents.errors import AgentspanError
from agentspan.agents.within import within
from agentspan.rpc.call_error import broken, connect_error, http_error, late, unreachable, untrusted
from agentspan.rpc.credential import CallHeaders
from agentspan.rpc.http_connection import ConnectionFailedError, HttpConnection, ResponseHead
from agentspan.rpc.methods import I, Method, O

_CONNECT_TIMEOUT_S = 5.0
# The server closes what was idle for 65 s.
_IDLE_S = 50.0
_MOST_IDLE = 16
_END_OF_STREAM = 0b10
_COMPRESSED = 0b01


class ConnectTransport:
    """Calls of one server, for one event loop."""

    def __init__(self, url: str, headers: CallHeaders) -> None:
        self.address = url
        self._url = urlsplit(url)
        self._headers = headers
        self._tls = ssl.create_default_context() if self._url.scheme == "https" else None
        self._idle: list[HttpConnection] = []
        self._busy: set[HttpConnection] = set()

    async def unary(self, method: Method[I, O], request: I, timeout: float) -> O:
        """One call. Raises AgentspanError."""
        headers = {**await self._headers(), "connect-timeout-ms": str(max(1, round(timeout * 1000)))}
        calling = self._unary(method, request.SerializeToString(), headers)
        try:
            return await within(timeout, calling)
        except asyncio.TimeoutError:
            raise late(self.address) from None

    async def stream(self, method: Method[I, O], request: I) -> AsyncGenerator[O, None]:
        """One call that is answered by many messages, for as long as it takes. Raises AgentspanError."""
        message = request.SerializeToString()
        body = struct.pack(">BI", 0, len(message)) + message
        connection, head = await self._send(method, "application/connect+proto", await self._headers(), body)
        try:
            if head.status != 200:
                told = b"".join([piece async for piece in connection.body()])
                raise http_error(head.status, told, self.address)
            async for flags, data in _envelopes(connection.body()):
                if flags & _COMPRESSED:
                    raise broken(self.address, "it sent what was not asked for (compression)")
                if flags & _END_OF_STREAM:
                    error = json.loads(data).get("error")
                    if error is not None:
                        raise connect_error(error, self.address)
                    return
                yield method.answer.FromString(data)
            raise broken(self.address, "a stream ended before its end")
        except ConnectionFailedError as error:
            raise broken(self.address, error) from error
        finally:
            # What is left of it, if anything, is not read to its end.
            self._release(connection, keep=False)

    def close(self) -> None:
        """Breaks what is under way."""
        for connection in [*self._idle, *self._busy]:
            connection.close()
        self._idle.clear()

    async def _unary(self, method: Method[I, O], body: bytes, headers: dict[str, str]) -> O:
        connection, head = await self._send(method, "application/proto", headers, body)
        keep = False
        try:
            told = b"".join([piece async for piece in connection.body()])
            keep = True
        except ConnectionFailedError as error:
            raise broken(self.address, error) from error
        finally:
            self._release(connection, keep=keep)
        if head.status != 200:
            raise http_error(head.status, told, self.address)
        if head.headers.get("content-type") != "application/proto":
            raise AgentspanError("BUS_UNAVAILABLE", f"What answers at {self.address} is no Agentspan server.")
        return method.answer.FromString(told)

    async def _send(
        self, method: Method[I, O], content_type: str, headers: dict[str, str], body: bytes
    ) -> tuple[HttpConnection, ResponseHead]:
        path = f"{self._url.path.rstrip('/')}{method.path}"
        fields = [
            ("host", self._url.netloc.rpartition("@")[2]),
            ("content-type", content_type),
            ("content-length", str(len(body))),
            ("connect-protocol-version", "1"),
            ("user-agent", f"agentspan-python/{__version__}"),
            *headers.items(),
        ]
        while True:
            connection, reused = await self._connection()
            self._busy.add(connection)
            try:
                return connection, await connection.send(path, fields, body)
            except ConnectionFailedError as error:
                self._release(connection, keep=False)
                # The server closed it while it was idle: it never saw this request, or it can be asked again anyway.
                if not reused or error.began:
                    raise broken(self.address, error) from error
            except BaseException:
                self._release(connection, keep=False)
                raise

    async def _connection(self) -> tuple[HttpConnection, bool]:
        while self._idle:
            connection = self._idle.pop()
            if time.monotonic() - connection.idle_since < _IDLE_S:
                return connection, True
            connection.close()
        try:
            return await HttpConnection.open(self._url, self._tls, _CONNECT_TIMEOUT_S), False
        except asyncio.TimeoutError:
            raise unreachable(self.address, "no connection in time") from None
        except ssl.SSLError as error:
            raise untrusted(self.address, error) from error
        except OSError as error:
            raise unreachable(self.address, error) from error

    def _release(self, connection: HttpConnection, *, keep: bool) -> None:
        self._busy.discard(connection)
        if keep and len(self._idle) < _MOST_IDLE and connection.reuse():
            self._idle.append(connection)
        else:
            connection.close()


async def _envelopes(pieces: AsyncIterator[bytes]) -> AsyncIterator[tuple[int, bytes]]:
    """The messages of a stream: a byte of flags, four of length, then so many."""
    held = b""
    async for piece in pieces:
        held += piece
        while len(held) >= 5:
            flags, length = struct.unpack_from(">BI", held)
            if len(held) < 5 + length:
                break
            yield flags, held[5 : 5 + length]
            held = held[5 + length :]
