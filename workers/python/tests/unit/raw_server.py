"""A server of HTTP/1.1 that says exactly what a test wrote down, byte for byte."""

from __future__ import annotations

import asyncio
import base64
import json
import ssl
import struct
from collections.abc import Awaitable, Callable
from typing import Any

from google.protobuf.message import Message
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo

Reply = bytes | None
"""The bytes of an answer; None to close the connection without one, empty to say nothing and keep it."""


class RawServer:
    """Answers requests in order; keeps their heads and bodies."""

    def __init__(self, *replies: Reply, cut: bool = False, tls: ssl.SSLContext | None = None) -> None:
        self._replies = list(replies)
        self._cut = cut
        self._tls = tls
        self.requests: list[tuple[str, bytes]] = []
        self.connections = 0
        #: Something for each request, as it comes.
        self.arrived: asyncio.Queue[str] = asyncio.Queue()
        self.url = ""
        self._writers: list[asyncio.StreamWriter] = []
        self._serving: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> RawServer:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._tls)
        scheme = "http" if self._tls is None else "https"
        self.url = f"{scheme}://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        # Whoever still waits for a request is told that none comes.
        for writer in self._writers:
            writer.close()
        await asyncio.gather(*self._serving, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.append(writer)
        serving = asyncio.current_task()
        if serving is not None:
            self._serving.append(serving)
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                text = head.decode()
                length = int(text.lower().split("content-length: ")[1].split("\r\n")[0])
                self.requests.append((text, await reader.readexactly(length)))
                self.arrived.put_nowait(text)
                reply = self._replies.pop(0)
                if reply is None:
                    return
                writer.write(reply)
                await writer.drain()
                if self._cut:
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()


def talk(server: RawServer, ask: Callable[[RawServer], Awaitable[Any]]) -> Any:
    """Runs both in one event loop."""

    async def both() -> Any:
        async with server:
            return await ask(server)

    return asyncio.run(both())


def answer(status: int, content_type: str, body: bytes, *headers: str) -> bytes:
    """An answer with its length."""
    head = [f"HTTP/1.1 {status} X", f"content-type: {content_type}", f"content-length: {len(body)}", *headers]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


def message(of: Message) -> bytes:
    """A unary answer."""
    return answer(200, "application/proto", of.SerializeToString())


def told(reason: str, *, retry_ms: int | None = None, field: str | None = None, domain: str = "agentspan") -> Any:
    """The JSON of an error of ours."""
    details: list[Message] = [ErrorInfo(reason=reason, domain=domain, metadata={"runId": "run_1"})]
    if retry_ms is not None:
        retry = RetryInfo()
        retry.retry_delay.FromMilliseconds(retry_ms)
        details.append(retry)
    if field is not None:
        details.append(BadRequest(field_violations=[BadRequest.FieldViolation(field=field, description="is odd")]))
    packed = [
        {
            "type": one.DESCRIPTOR.full_name,
            "value": base64.b64encode(one.SerializeToString()).decode().rstrip("="),
        }
        for one in details
    ]
    return {"code": "unavailable", "message": "in words", "details": packed}


def failure(error: Any, status: int = 503) -> bytes:
    """A unary answer that is an error."""
    return answer(status, "application/json", json.dumps(error).encode())


def stream(*messages: Message, end: Any = None, whole: bool = True) -> bytes:
    """An answer of many messages, in chunks that do not end where messages do."""
    data = b"".join(struct.pack(">BI", 0, len(body)) + body for body in (one.SerializeToString() for one in messages))
    if whole:
        closing = json.dumps({} if end is None else {"error": end}).encode()
        data += struct.pack(">BI", 2, len(closing)) + closing
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/connect+proto\r\ntransfer-encoding: chunked\r\n\r\n"
    chunks = [data[at : at + 7] for at in range(0, len(data), 7)]
    body = b"".join(f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n" for chunk in chunks)
    return head + body + (b"0\r\n\r\n" if whole else b"")
