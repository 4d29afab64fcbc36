"""The clock of a server in memory: real time goes on there, and the date can be moved forward."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any
from urllib.parse import urlsplit

from agentspan.agents.testing.kit_error import KitError
from agentspan.agents.within import within
from agentspan.rpc.http_connection import ConnectionFailedError, HttpConnection

# Of moving it: what is due is seen to before the answer.
_ANSWERS_WITHIN_S = 60.0


@dataclass(frozen=True)
class ClockState:
    """What a server says of its time."""

    now: datetime
    #: When something happens next by itself; None where nothing will.
    next: datetime | None
    #: What is in progress, a few words each. Time should wait for it.
    busy: tuple[str, ...]
    #: Rises with each change of a run.
    commits: int
    #: Of a move: whether the date was moved.
    moved: bool


class ServerClock:
    """Asked in one event loop, one request at a time."""

    def __init__(self, url: str) -> None:
        self.address = url
        self._url = urlsplit(url)
        self._connection: HttpConnection | None = None
        self._asking = asyncio.Lock()

    async def read(self) -> ClockState:
        """How it stands."""
        return await self._ask("GET", "/clock", None)

    async def move_to_next(self, commits: int, not_after: datetime | None) -> ClockState:
        """Moves the date to what comes next, unless something has happened since, or is in progress."""
        until = {} if not_after is None else {"notAfter": date_text(not_after)}
        return await self._ask("POST", "/clock/next", {"commits": commits, **until})

    async def advance(self, milliseconds: int) -> ClockState:
        """Moves the date so far, whatever calls workers have in hand."""
        return await self._ask("POST", "/clock/advance", {"ms": milliseconds})

    async def forget(self, worker_id: str) -> None:
        """Takes out what the server knows of a worker that has stopped."""
        await self._ask("POST", "/forget", {"worker": worker_id})

    def close(self) -> None:
        """Closes its connection; the next request opens another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    async def _ask(self, method: str, path: str, body: dict[str, Any] | None) -> ClockState:
        async with self._asking:
            try:
                status, text = await within(_ANSWERS_WITHIN_S, self._exchange(method, path, body))
            except (OSError, ConnectionFailedError, asyncio.TimeoutError) as error:
                self.close()
                why = str(error) or "it took too long"
                raise KitError(f"The clock of the server at {self.address} did not answer: {why}.") from error
        if status != 200:
            raise KitError(f"The clock of the server at {self.address} refused {method} {path} ({status}): {text}")
        return _state_of(json.loads(text))

    async def _exchange(self, method: str, path: str, body: dict[str, Any] | None) -> tuple[int, str]:
        data = b"" if body is None else json.dumps(body).encode()
        headers = [
            ("host", self._url.netloc),
            ("content-type", "application/json"),
            ("content-length", str(len(data))),
        ]
        while True:
            reused = self._connection
            connection = reused or await HttpConnection.open(self._url, None, _ANSWERS_WITHIN_S)
            self._connection = None
            try:
                head = await connection.send(path, headers, data, method=method)
                text = b"".join([piece async for piece in connection.body()]).decode()
            except ConnectionFailedError as error:
                connection.close()
                # The server closed it while it was idle: it never saw this request.
                if reused is None or error.began:
                    raise
                continue
            except BaseException:
                connection.close()
                raise
            if connection.reuse():
                self._connection = connection
            else:
                connection.close()
            return head.status, text


def date_text(date: datetime) -> str:
    """As JavaScript writes dates."""
    return date.astimezone(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _state_of(told: dict[str, Any]) -> ClockState:
    following = told["next"]
    return ClockState(
        now=_date_of(told["now"]),
        next=None if following is None else _date_of(following),
        busy=tuple(told["busy"]),
        commits=told["commits"],
        moved=told.get("moved", False),
    )


def _date_of(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))
