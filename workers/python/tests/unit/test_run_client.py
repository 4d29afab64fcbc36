"""Calls and streams over HTTP/1.1, against bytes that are written down."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from agentspan.agents import AgentspanError, StandingGrants
from agentspan.agents.event_feed import event_feed
from agentspan.rpc.connect_transport import ConnectTransport
from agentspan.rpc.credential import call_headers
from agentspan.rpc.methods import GET_STATUS, START, STREAM_EVENTS
from agentspan.rpc.run_client import RunClient
from agentspan.v1 import event_pb2, grant_pb2, run_pb2
from tests.unit.certificates import certificates
from tests.unit.raw_server import RawServer, Reply, answer, failure, message, stream, talk, told

ASKED = run_pb2.GetStatusRequest(run_id="run_1")
STATUS = run_pb2.GetStatusResponse(status=run_pb2.RunStatus(run_id="run_1", last_sequence=3))
ENDED = run_pb2.GetStatusResponse(status=run_pb2.RunStatus(run_id="run_1", last_sequence=3, is_complete=True))


def client_of(server: RawServer, *, patience: float = 5.0, **options: Any) -> RunClient:
    headers = call_headers(options.get("headers"), options.get("key"), options.get("env"))
    return RunClient(ConnectTransport(server.url, headers), patience=patience, renews_key=callable(options.get("key")))


def call(*replies: Reply, patience: float = 5.0, cut: bool = False, times: int = 1) -> tuple[RawServer, Any]:
    server = RawServer(*replies, cut=cut)

    async def ask(at: RawServer) -> Any:
        client = client_of(at, patience=patience)
        try:
            return [await client.call(GET_STATUS, ASKED) for _ in range(times)][-1]
        finally:
            client.close()

    return server, talk(server, ask)


def refused(*replies: Reply, patience: float = 0.2) -> AgentspanError:
    with pytest.raises(AgentspanError) as error:
        call(*replies, patience=patience)
    return error.value


def test_calls_over_one_connection_with_the_bytes_of_the_contract() -> None:
    server, got = call(message(STATUS), message(STATUS), times=2)
    assert got == STATUS
    assert server.connections == 1
    head, body = server.requests[0]
    assert head.startswith("POST /agentspan.v1.RunService/GetStatus HTTP/1.1\r\n")
    for line in ("content-type: application/proto", "connect-protocol-version: 1", "connect-timeout-ms: "):
        assert line in head
    assert run_pb2.GetStatusRequest.FromString(body) == ASKED


def test_asks_again_at_once_where_an_idle_connection_had_been_closed() -> None:
    server, got = call(message(STATUS), None, message(STATUS), times=2)
    assert got == STATUS
    assert server.connections == 2


def test_repeats_what_may_succeed_later_after_the_time_that_the_server_says() -> None:
    server, got = call(failure(told("STORE_UNAVAILABLE", retry_ms=1)), failure(told("CONFLICT"), 409), message(STATUS))
    assert got == STATUS
    assert len({body for _, body in server.requests}) == 1


def test_tells_an_error_of_the_server_with_all_that_it_says() -> None:
    error = refused(failure(told("INVALID_REQUEST", field="agent.name"), 400))
    assert (error.reason, error.message, error.metadata) == ("INVALID_REQUEST", "in words", {"runId": "run_1"})
    assert [(fault.field, fault.description) for fault in error.fields] == [("agent.name", "is odd")]
    late = refused(failure(told("RATE_LIMITED", retry_ms=60_000)))
    assert (late.reason, late.retry_after, late.retryable) == ("RATE_LIMITED", 60.0, True)


@pytest.mark.parametrize(
    ("reply", "reason", "words"),
    [
        (answer(503, "text/html", b"<html>"), "BUS_UNAVAILABLE", "Cannot reach an Agentspan server at"),
        (answer(404, "text/html", b"<html>"), "UNIMPLEMENTED", "does not know this call"),
        (answer(401, "text/html", b"<html>"), "UNAUTHENTICATED", "HTTP 401"),
        (answer(403, "text/html", b"<html>"), "PERMISSION_DENIED", "HTTP 403"),
        (answer(500, "text/html", b"<html>"), "BUS_UNAVAILABLE", "broke: HTTP 500"),
        (answer(200, "text/html", b"<html>"), "BUS_UNAVAILABLE", "is no Agentspan server"),
        (failure({"code": "resource_exhausted", "message": "too large"}, 429), "LIMIT_EXCEEDED", "too large"),
        (failure({"code": "deadline_exceeded"}, 504), "BUS_UNAVAILABLE", "did not answer in time"),
        (failure({**told("NOT_A_REASON"), "code": "not_found"}, 404), "UNIMPLEMENTED", "in words"),
        (failure({**told("RUN_ENDED", domain="other"), "code": "internal"}, 500), "BUS_UNAVAILABLE", "in words"),
        (b"no HTTP at all\r\n\r\n", "BUS_UNAVAILABLE", "The connection to"),
        (None, "BUS_UNAVAILABLE", "The connection to"),
    ],
)
def test_makes_one_of_our_errors_of_whatever_else_comes(reply: Reply, reason: str, words: str) -> None:
    error = refused(reply, patience=0.001)
    assert error.reason == reason
    assert words in error.message


def test_gives_up_soon_on_a_server_that_never_answered() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"

    async def ask() -> None:
        client = RunClient(ConnectTransport(url, call_headers(None, None, None)), patience=0.3)
        await client.call(GET_STATUS, ASKED)

    with pytest.raises(AgentspanError, match="Is the server running") as error:
        asyncio.run(ask())
    assert error.value.metadata == {"address": url}


def test_waits_so_long_for_an_answer_and_no_longer() -> None:
    async def ask(at: RawServer) -> Any:
        transport = ConnectTransport(at.url, call_headers(None, None, None))
        try:
            return await transport.unary(GET_STATUS, ASKED, 0.05)
        finally:
            transport.close()

    with pytest.raises(AgentspanError, match="did not answer in time"):
        talk(RawServer(b"HTTP/1.1 100 Continue\r\n\r\n"), ask)


def test_speaks_by_tls_with_whom_the_machine_trusts_and_with_nobody_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority, certificate, key = certificates(tmp_path)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)

    async def ask(at: RawServer) -> Any:
        client = client_of(at, patience=0.1)
        try:
            return await client.call(GET_STATUS, ASKED)
        finally:
            client.close()

    with pytest.raises(AgentspanError, match=r"certificate verify failed.*SSL_CERT_FILE"):
        talk(RawServer(message(STATUS), tls=tls), ask)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    assert talk(RawServer(message(STATUS), tls=tls), ask) == STATUS


def test_refuses_calls_once_it_is_closed() -> None:
    client = RunClient(ConnectTransport("http://127.0.0.1:1", call_headers(None, None, None)), patience=1)
    client.close()
    with pytest.raises(AgentspanError, match="shut down"):
        asyncio.run(client.call(START, run_pb2.StartRequest()))


def test_sends_the_key_that_is_said_or_asked_for() -> None:
    keys = iter(["one", "two"])

    async def renewed() -> str:
        return next(keys)

    def sent(**options: Any) -> list[str]:
        server = RawServer(message(STATUS), message(STATUS))

        async def ask(at: RawServer) -> None:
            client = client_of(at, **options)
            for _ in range(2):
                await client.call(GET_STATUS, ASKED)
            client.close()

        talk(server, ask)
        heads = [head.split("authorization: ")[1:] for head, _ in server.requests]
        return [one[0].split("\r\n")[0] if one else "" for one in heads]

    assert sent() == ["", ""]
    assert sent(env="from-env\n") == ["Bearer from-env"] * 2
    assert sent(key="said", env="from-env") == ["Bearer said"] * 2
    assert sent(headers={"Authorization": "Basic x"}, env="from-env") == ["Basic x"] * 2
    assert sent(key=renewed) == ["Bearer one", "Bearer two"]


@pytest.mark.parametrize("key", ["", "two words", "line\nbreak", 3])
def test_refuses_what_can_be_no_key_without_showing_it(key: Any) -> None:
    with pytest.raises(AgentspanError, match="api_key must be one API key") as error:
        call_headers(None, key, None)
    assert "words" not in error.value.message.replace("line breaks", "")


def test_says_that_a_function_gave_no_key() -> None:
    def ask() -> str:
        raise OSError("the vault is closed")

    with pytest.raises(AgentspanError, match="the vault is closed") as error:
        talk(RawServer(), lambda at: client_of(at, key=ask).call(GET_STATUS, ASKED))
    assert error.value.reason == "UNAUTHENTICATED"


def test_tells_what_speaks_against_a_grant_that_was_made() -> None:
    made = grant_pb2.CreateGrantResponse(grant=grant_pb2.StandingGrant(grant_id="gra_1"), doubts=["It never runs."])

    async def ask(at: RawServer) -> Any:
        client = client_of(at)
        grants = StandingGrants(SimpleNamespace(client=client))
        got = await grants._create(grant_pb2.CreateGrantRequest())
        client.close()
        return got

    got = talk(RawServer(message(made)), ask)
    assert (got.grant_id, got.doubts) == ("gra_1", ("It never runs.",))


def event(sequence: int, kind: str = "resumed") -> run_pb2.StreamEventsResponse:
    one = event_pb2.Event(run_id="run_1", sequence=sequence)
    getattr(one, kind).SetInParent()
    return run_pb2.StreamEventsResponse(event=one)


def feed(
    *replies: Reply, after: int = 0, cut: bool = False, key: Any = None, silence: float = 60.0
) -> tuple[RawServer, list[tuple[int, str]]]:
    server = RawServer(*replies, cut=cut)

    async def ask(at: RawServer) -> list[tuple[int, str]]:
        client = client_of(at, key=key)
        events = event_feed(client, "run_1", after=after, include_deltas=False, silence=silence)
        try:
            return [(one.sequence, one.type) async for one in events]
        finally:
            client.close()

    return server, talk(server, ask)


def asked_after(server: RawServer) -> list[int]:
    return [
        run_pb2.StreamEventsRequest.FromString(body[5:]).after_sequence
        for head, body in server.requests
        if STREAM_EVENTS.path in head
    ]


DONE = [(1, "resumed"), (2, "resumed"), (3, "done")]


def test_gives_the_events_of_a_stream_to_its_end() -> None:
    server, got = feed(stream(event(1), event(2), event(3, "done")))
    assert got == DONE
    assert asked_after(server) == [0]


def test_goes_on_over_an_event_and_a_field_of_a_newer_server() -> None:
    def newer(known: event_pb2.Event) -> run_pb2.StreamEventsResponse:
        # A field 2005 that nobody knows: beside the kind of an event, or in place of it.
        told = event_pb2.Event.FromString(known.SerializeToString() + b"\xaa\x7d\x00")
        return run_pb2.StreamEventsResponse(event=told)

    _, got = feed(
        stream(event(1), newer(event_pb2.Event(run_id="run_1", sequence=2)), newer(event(3, "done").event)),
    )
    assert got == [(1, "resumed"), (2, "unknown"), (3, "done")]


def test_goes_on_after_the_last_event_where_a_connection_breaks_and_gives_none_twice() -> None:
    server, got = feed(
        stream(event(1), whole=False),
        message(STATUS),
        failure(told("BUS_UNAVAILABLE", retry_ms=1)),
        message(STATUS),
        stream(event(1), event(2), event(2), event(3, "done")),
        cut=True,
    )
    assert got == DONE
    assert asked_after(server) == [0, 1, 1]


def test_reads_again_where_events_are_missing() -> None:
    server, got = feed(stream(event(1), event(3, "done")), message(STATUS), stream(event(2), event(3, "done")))
    assert got == DONE
    assert asked_after(server) == [0, 1]


def test_asks_beside_a_silent_stream_and_reads_again_where_it_hides_something() -> None:
    quiet = run_pb2.GetStatusResponse(status=run_pb2.RunStatus(run_id="run_1", last_sequence=2))
    server, got = feed(
        b"",
        message(quiet),
        message(STATUS),
        message(STATUS),
        stream(event(3, "done")),
        after=2,
        silence=0.05,
    )
    assert got == [(3, "done")]
    assert asked_after(server) == [2, 2]


def test_waits_on_where_nothing_has_happened() -> None:
    quiet = run_pb2.GetStatusResponse(status=run_pb2.RunStatus(run_id="run_1"))
    server = RawServer(b"", *[message(quiet)] * 100)

    async def ask(at: RawServer) -> int:
        client = client_of(at)
        events = event_feed(client, "run_1", after=0, include_deltas=False, silence=0.02)
        waits = asyncio.ensure_future(anext(events))
        for _ in range(3):
            await asyncio.wait_for(at.arrived.get(), 10)
        waits.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waits
        client.close()
        return at.connections

    # One for the stream, which is not asked for again, and one for what is asked beside it.
    assert talk(server, ask) == 2


def test_ends_where_the_run_turns_out_to_have_ended() -> None:
    server, got = feed(stream(), message(ENDED), after=3)
    assert got == []
    assert asked_after(server) == [3]


def test_raises_what_repeating_cannot_help() -> None:
    with pytest.raises(AgentspanError) as missing:
        feed(stream(end={**told("RUN_NOT_FOUND"), "code": "not_found"}))
    assert missing.value.reason == "RUN_NOT_FOUND"
    denied = failure({**told("UNAUTHENTICATED"), "code": "unauthenticated"}, 401)
    with pytest.raises(AgentspanError) as ended:
        feed(denied)
    assert ended.value.reason == "UNAUTHENTICATED"


def test_outlives_a_token_where_there_is_a_newer_one() -> None:
    ends = {**told("UNAUTHENTICATED"), "code": "unauthenticated"}
    _, got = feed(
        stream(event(1), end=ends), message(STATUS), stream(event(2), event(3, "done")), key=lambda: "a-token"
    )
    assert got == DONE


def test_reads_no_compressed_message_that_it_did_not_ask_for() -> None:
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/connect+proto\r\ncontent-length: 6\r\n\r\n"
    ask: Callable[[RawServer], Awaitable[Any]] = lambda at: anext(  # noqa: E731
        client_of(at).stream(STREAM_EVENTS, run_pb2.StreamEventsRequest())
    )
    with pytest.raises(AgentspanError, match="compression"):
        talk(RawServer(head + b"\x01\x00\x00\x00\x01x"), ask)
