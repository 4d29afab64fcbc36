"""What a worker does where NATS ends its connection for good."""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import nats.errors
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agentspan.agents import AgentspanError
from agentspan.agents.errors import START_WITH
from agentspan.worker.nats_address import nats_address
from agentspan.worker.nats_link import NatsLink, unreachable
from agentspan.worker.nkey import NkeyUser
from agentspan.worker.worker_credentials import read_worker_credentials, worker_id_for


class FakeNats:
    """A server that takes connections and subscriptions, and sends what a test says."""

    def __init__(self, **asks: object) -> None:
        self.url = ""
        self._info = {"server_id": "a", "version": "2.15.1", "headers": True, "max_payload": 1_048_576, **asks}
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
        writer.write(f"INFO {json.dumps(self._info)}\r\n".encode())
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


def seed_of(raw: bytes) -> str:
    """As NATS writes the seed of a user."""
    body = bytes([(18 << 3) | (160 >> 5), (160 & 31) << 3]) + raw
    return base64.b32encode(body + binascii.crc_hqx(body, 0).to_bytes(2, "little")).decode().rstrip("=")


def test_proves_itself_by_its_key_where_the_server_asks() -> None:
    key = Ed25519PrivateKey.from_private_bytes(b"7" * 32)

    async def scenario() -> dict[str, Any]:
        async with FakeNats(auth_required=True, nonce="asked").running() as server:
            link = await NatsLink.open(server.url, "worker-1", 5, NkeyUser(seed_of(b"7" * 32)))
            await link.close()
            return server.connects[0]

    shown = asyncio.run(scenario())
    key.public_key().verify(base64.b64decode(shown["sig"]), b"asked")
    assert shown["nkey"] == NkeyUser(seed_of(b"7" * 32)).public
    assert shown["nkey"].startswith("U")


@pytest.mark.parametrize("seed", ["", "SUA", "not base32", seed_of(b"7" * 31), seed_of(b"7" * 32)[:-1] + "A"])
def test_takes_no_other_text_for_a_seed_and_does_not_show_it(seed: str) -> None:
    with pytest.raises(ValueError, match="no seed") as error:
        NkeyUser(seed)
    assert seed not in str(error.value) or not seed


def credentials(tmp_path: Path, *workers: str, text: str | None = None) -> Path:
    permit = {"workers": workers, "tools": [], "at": "2026-01-01T00:00:00Z", "keyId": "k", "signature": "c2ln"}
    path = tmp_path / "credentials.json"
    made = {"nkeySeed": seed_of(b"7" * 32), "permit": {**permit, "new": 1}}
    path.write_text(json.dumps(made) if text is None else text)
    return path


def test_credentials_give_a_worker_its_id_and_hold_it_to_theirs(tmp_path: Path) -> None:
    one = read_worker_credentials(credentials(tmp_path, "refunds"))
    assert one.user is not None
    assert (one.permit.key_id, one.permit.signature) == ("k", b"sig")
    assert worker_id_for(one, None) == "refunds"
    two = read_worker_credentials(credentials(tmp_path, "refunds-1", "refunds-2"))
    assert worker_id_for(two, "refunds-2") == "refunds-2"
    with pytest.raises(AgentspanError, match="choose worker_id among refunds-1, refunds-2"):
        worker_id_for(two, None)
    with pytest.raises(AgentspanError, match="not for worker_id billing"):
        worker_id_for(one, "billing")


@pytest.mark.parametrize("text", ["SUAsecret", "{}", '{"permit": {}}', '{"permit": {"workers": 3}}', "[]"])
def test_refuses_a_file_that_is_none_of_credentials_without_a_word_of_it(tmp_path: Path, text: str) -> None:
    with pytest.raises(AgentspanError, match="is not what agentspan worker credentials makes") as error:
        read_worker_credentials(credentials(tmp_path, text=text))
    assert "SUA" not in str(error.value)
    with pytest.raises(AgentspanError, match="cannot be read"):
        read_worker_credentials(tmp_path / "none.json")


def test_says_what_does_not_answer_and_not_the_password() -> None:
    with pytest.raises(AgentspanError, match=re.escape("Cannot reach NATS at nats://127.0.0.1:1 (")) as error:
        asyncio.run(NatsLink.open("nats://me:secret@127.0.0.1:1", "worker-1", 0.1))
    assert error.value.reason == "BUS_UNAVAILABLE"
    remedy = f"Is the server running, and is AGENTSPAN_NATS_URL its address? {START_WITH}"
    assert str(error.value).endswith(remedy)
    assert "secret" not in str(error.value)


def test_says_to_whom_no_login_is_known_how_to_get_one() -> None:
    error = unreachable("nats://me:secret@one:1", nats.errors.Error("nats: 'Authorization Violation'"))
    assert "agentspan worker credentials" in str(error)
    assert "secret" not in str(error)


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
