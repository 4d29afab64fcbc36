"""What a worker does where NATS ends its connection for good."""

from __future__ import annotations

import asyncio
import json
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from agentspan.agents import AgentspanError
from agentspan.worker.nats_address import nats_address
from agentspan.worker.nats_link import NatsLink


class FakeNats:
    """A server that takes connections and subscriptions, and sends what a test says."""

    def __init__(self) -> None:
        self.url = ""
        self.writers: list[asyncio.StreamWriter] = []
        self.subscribed: list[list[str]] = []
        self.connects: list[dict[str, Any]] = []
        self.news = asyncio.Event()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[FakeNats]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"nats://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        try:
            yield self
        finally:
            server.close()
            for writer in self.writers:
                writer.close()

    async def until(self, connections: int, subscriptions: int) -> None:
        while len(self.subscribed) < connections or len(self.subscribed[-1]) < subscriptions:
            self.news.clear()
            await asyncio.wait_for(self.news.wait(), 10)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.append(writer)
        self.subscribed.append([])
        writer.write(b'INFO {"server_id":"a","version":"2.15.1","headers":true,"max_payload":1048576}\r\n')
        while line := await reader.readline():
            words = line.decode().split()
            if words[0] == "CONNECT":
                self.connects.append(json.loads(line.split(b" ", 1)[1]))
            elif words[0] == "PING":
                writer.write(b"PONG\r\n")
            elif words[0] == "SUB":
                self.subscribed[-1].append(words[1])
            self.news.set()


def test_opens_another_connection_and_listens_where_it_did() -> None:
    async def scenario() -> None:
        async with FakeNats().running() as server:
            link = await NatsLink.open(server.url, "worker-1", 5)
            back = asyncio.Event()
            link.on_reconnect = back.set
            got: list[bytes] = []
            heard = asyncio.Event()

            def on_message(message: Any) -> None:
                got.append(message.data)
                heard.set()

            inbox = await link.listen(on_message)
            await server.until(1, 1)
            server.writers[0].write(b"-ERR 'Maximum Connections Exceeded'\r\n")
            await asyncio.wait_for(back.wait(), 10)
            await server.until(2, 1)
            assert server.subscribed[0] == server.subscribed[1] == [f"{inbox.subject}.*"]
            assert inbox.subject.startswith("_INBOX_worker-1.")
            server.writers[1].write(f"MSG {inbox.subject}.1 1 5\r\nhello\r\n".encode())
            await asyncio.wait_for(heard.wait(), 10)
            assert got == [b"hello"]
            await link.close()

    asyncio.run(scenario())


def test_says_what_does_not_answer_and_not_the_password() -> None:
    with pytest.raises(AgentspanError, match=re.escape("Cannot reach NATS at nats://127.0.0.1:1 (")) as error:
        asyncio.run(NatsLink.open("nats://me:secret@127.0.0.1:1", "worker-1", 0.1))
    assert error.value.reason == "BUS_UNAVAILABLE"
    assert "secret" not in str(error.value)


def test_reads_addresses_as_the_servers_processes_do() -> None:
    assert nats_address("127.0.0.1", {}) == {"servers": ["nats://127.0.0.1:4222"]}
    several = nats_address("nats://a%40b:p%2Fq@one:1, nats://two:2", {})
    assert several == {"servers": ["nats://one:1", "nats://two:2"], "user": "a@b", "password": "p/q"}
    assert nats_address("nats://token@one", {})["token"] == "token"
    assert isinstance(nats_address("tls://one", {})["tls"], ssl.SSLContext)
    for other in ("", "http://one", "nats://", "nats://one:none"):
        with pytest.raises(AgentspanError, match="NATS_URL must be"):
            nats_address(other, {})


def test_reads_the_files_of_tls_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("no certificate")
    with pytest.raises(AgentspanError, match="AGENTSPAN_NATS_CA_FILE cannot be used"):
        nats_address("nats://one", {"AGENTSPAN_NATS_CA_FILE": str(tmp_path / "ca.pem")})
    with pytest.raises(AgentspanError, match="a certificate needs its key"):
        nats_address("nats://one", {"AGENTSPAN_NATS_CERT_FILE": "cert.pem"})
