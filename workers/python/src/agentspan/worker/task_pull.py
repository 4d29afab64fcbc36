"""Pulls hints from one durable consumer.

One request is out at a time, for no more than there is room for, so that what this worker cannot take stays for others.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable

from nats.aio.msg import Msg

from agentspan.worker.nats_link import Inbox, NatsLink
from agentspan.worker.task_message import TaskMessage
from agentspan.worker.worker_parts import logger

# How long a request may wait at the server; after it, it is made anew.
_EXPIRES_S = 20
_LOST_AFTER_S = _EXPIRES_S + 3
_AFTER_REFUSAL_S = 0.5


class TaskPull:
    """The tasks of one tool."""

    def __init__(
        self,
        link: NatsLink,
        stream: str,
        consumer: str,
        *,
        batch: Callable[[], int],
        on_task: Callable[[TaskMessage], None],
        on_missing: Callable[[], None],
    ) -> None:
        """`batch` says how many to ask for now; `on_missing` that the worker should register again."""
        self.consumer = consumer
        self._link = link
        self._stream = stream
        self._batch = batch
        self._on_task = on_task
        self._on_missing = on_missing
        self._inbox: Inbox | None = None
        # Where the request that is out is answered; earlier ones do not count any more.
        self._request = 0
        # Messages that it still owes.
        self._owed = 0
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False

    async def open(self) -> None:
        """Listens; nothing is asked for yet."""
        self._inbox = await self._link.listen(self._receive)

    def wake(self) -> None:
        """Asks for tasks where there is room and no request is out."""
        if self._closed or self._owed > 0 or self._inbox is None:
            return
        batch = self._batch()
        if batch == 0:
            return
        self._owed = batch
        self._request += 1
        subject = f"$JS.API.CONSUMER.MSG.NEXT.{self._stream}.{self.consumer}"
        body = json.dumps({"batch": batch, "expires": _EXPIRES_S * 1_000_000_000})
        self._link.publish(subject, body.encode("ascii"), self._reply_to())
        self._wake_after(_LOST_AFTER_S)

    def restart(self) -> None:
        """The connection is new: the server has forgotten the request."""
        self._owed = 0
        self.wake()

    async def close(self) -> None:
        """Takes nothing more; what is on its way is given back."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        if self._inbox is not None:
            await self._link.leave(self._inbox)

    def _reply_to(self) -> str:
        return f"{self._inbox.subject}.{self._request}" if self._inbox is not None else ""

    def _receive(self, message: Msg) -> None:
        headers = message.headers or {}
        status = headers.get("Status", "")
        task = TaskMessage(message.data, message.reply, self._link)
        if self._closed:
            if not status:
                task.give_back()
        elif not status:
            self._owed = max(0, self._owed - 1)
            self._on_task(task)
            self.wake()
        elif message.subject != self._reply_to():
            return
        elif status in ("408", "404"):
            self.restart()
        elif status != "100":
            # Where there is none the client takes the next header for it.
            why = headers.get("Description", "").partition("\n")[0].strip()
            logger.warning("A pull for tasks was refused: %s %s  consumer=%s", status, why, self.consumer)
            # 503: no such consumer or no JetStream; 409: it was deleted, moved, or has too much unacknowledged.
            self._owed = 1
            self._wake_after(_AFTER_REFUSAL_S)
            if status in ("503", "409"):
                self._on_missing()

    def _wake_after(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(seconds, self.restart)
