"""What a kit says to the clock of a server in memory, and what it makes of the answers."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from agentspan.agents.testing import KitError
from agentspan.agents.testing.server_clock import ClockState, ServerClock

NOW = datetime(2026, 3, 1, 12, 0, 0, 250_000, tzinfo=timezone.utc)
ANSWER = {"now": "2026-03-01T12:00:00.250Z", "next": None, "busy": ["a model call"], "commits": 17}


class Answers:
    """A server that keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, Any]] = []
        self.status = 200
        self.body: Any = ANSWER
        answers = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self._answer(None)

            def do_POST(self) -> None:
                self._answer(json.loads(self.rfile.read(int(self.headers["content-length"]))))

            def _answer(self, body: Any) -> None:
                answers.asked.append((self.command, self.path, body))
                text = json.dumps(answers.body).encode()
                self.send_response(answers.status)
                self.send_header("content-length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_: object) -> None:
                """Says nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def answers() -> Iterator[Answers]:
    made = Answers()
    yield made
    made.server.shutdown()
    made.server.server_close()


async def closed(clock: ServerClock) -> None:
    clock.close()
    # The event loop closes a socket in its next round.
    await asyncio.sleep(0)


def test_reads_and_moves_the_date(answers: Answers) -> None:
    async def test() -> list[ClockState]:
        clock = ServerClock(answers.url)
        states = [await clock.read()]
        answers.body = {**ANSWER, "moved": True, "next": "2026-03-02T12:00:00.000Z", "busy": []}
        states.append(await clock.move_to_next(17, NOW))
        states.append(await clock.move_to_next(17, None))
        states.append(await clock.advance(86_400_000))
        await clock.forget("kit-1")
        await closed(clock)
        return states

    first, second, *_ = asyncio.run(test())
    assert first == ClockState(NOW, None, ("a model call",), 17, moved=False)
    assert second == ClockState(NOW, datetime(2026, 3, 2, 12, tzinfo=timezone.utc), (), 17, moved=True)
    assert answers.asked == [
        ("GET", "/clock", None),
        ("POST", "/clock/next", {"commits": 17, "notAfter": "2026-03-01T12:00:00.250Z"}),
        ("POST", "/clock/next", {"commits": 17}),
        ("POST", "/clock/advance", {"ms": 86_400_000}),
        ("POST", "/forget", {"worker": "kit-1"}),
    ]


def test_says_what_the_clock_refused_and_that_none_is_there(answers: Answers) -> None:
    answers.status, answers.body = 400, {"error": "no"}

    async def refused() -> None:
        clock = ServerClock(answers.url)
        with pytest.raises(KitError, match=r'refused GET /clock \(400\): \{"error": "no"\}'):
            await clock.read()
        await closed(clock)

    asyncio.run(refused())
    answers.server.shutdown()
    answers.server.server_close()
    with pytest.raises(KitError, match="did not answer: "):
        asyncio.run(ServerClock(answers.url).read())
