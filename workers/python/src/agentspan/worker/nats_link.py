"""A worker's connection to the bus. It reconnects for ever by itself; what must be repeated the callers repeat."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

import nats.errors
from google.protobuf.message import DecodeError, Message
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from agentspan.agents.errors import START_WITH, AgentspanError
from agentspan.agents.within import within
from agentspan.worker.nats_address import nats_address, without_login
from agentspan.worker.nkey import NkeyUser
from agentspan.worker.worker_parts import logger

O = TypeVar("O", bound=Message)  # noqa: E741

_DEFAULT_MAX_PAYLOAD = 1024 * 1024
_REOPEN_AFTER_S = 0.5


class Inbox:
    """A place below the worker's own prefix, where messages come, over whatever connection there is."""

    def __init__(self, subject: str, on_message: Callable[[Msg], None]) -> None:
        self.subject = subject
        self._on_message = on_message
        self._subscription: Subscription | None = None

    async def open(self, client: Client) -> None:
        """Listens there from now on."""

        async def received(message: Msg) -> None:
            self._on_message(message)

        self._subscription = await client.subscribe(f"{self.subject}.*", cb=received)

    async def close(self) -> None:
        """What is on its way is still delivered."""
        try:
            if self._subscription is not None:
                await self._subscription.drain()  # type: ignore[no-untyped-call]
        except (nats.errors.Error, OSError) as error:
            # A connection that has closed has nothing on its way.
            logger.debug("Could not drain a subscription  why=%r", error)


class NatsLink:
    """One connection for all that a worker says."""

    def __init__(self, url: str, worker_id: str, user: NkeyUser | None = None) -> None:
        self._url = url
        self._worker_id = worker_id
        self._prefix = f"_INBOX_{worker_id}"
        # An address that is none is told at once.
        self._options = nats_address(url)
        # It takes the place of a login in the url.
        self._user = user
        self._client = Client()
        self._inboxes: list[Inbox] = []
        self._sending: set[asyncio.Task[None]] = set()
        self._reopening: asyncio.Task[None] | None = None
        self._last_error: BaseException | None = None
        self._closing = False
        #: Called each time the connection is back.
        self.on_reconnect: Callable[[], None] = lambda: None

    @staticmethod
    async def open(url: str, worker_id: str, patience: float, user: NkeyUser | None = None) -> NatsLink:
        """Raises BUS_UNAVAILABLE with the remedy where nothing answers within the patience, in seconds."""
        begun = time.monotonic()
        while True:
            link = NatsLink(url, worker_id, user)
            left = patience - (time.monotonic() - begun)
            try:
                await within(max(0.2, min(5.0, left)), link._connect(link._client))
            except (OSError, nats.errors.Error, asyncio.TimeoutError) as error:
                why = link._last_error or error
                await link._give_up()
                if time.monotonic() - begun + 0.5 >= patience:
                    raise unreachable(url, why) from error
                logger.warning("Cannot reach NATS yet; trying again  url=%s why=%s", without_login(url), why)
                await asyncio.sleep(0.5)
            else:
                return link

    @property
    def max_payload(self) -> int:
        """The largest message the server takes, bytes."""
        return self._client.max_payload or _DEFAULT_MAX_PAYLOAD

    async def ask(
        self, verb: str, request: Message, answer: type[O], *, timeout: float, orchestrator_id: str | None = None
    ) -> O | None:
        """Asks once: that orchestrator, or any.

        None where no answer came in time, or nobody listens; whether the request was carried out is then not known.
        """
        subject = f"agentspan.worker.{self._worker_id}.{verb}"
        if orchestrator_id:
            subject = f"{subject}.{orchestrator_id}"
        try:
            message = await self._client.request(subject, request.SerializeToString(), timeout=timeout)
            return answer.FromString(message.data)
        except (OSError, nats.errors.Error, asyncio.TimeoutError, DecodeError) as error:
            # Time-out, no responders, not connected, an answer that is none: all the same to whoever must ask again.
            logger.debug("No answer  subject=%s why=%r", subject, error)
            return None

    def publish(self, subject: str, body: bytes, reply: str = "") -> None:
        """Sends without an answer; lost where the connection is."""
        if not subject or self._client.is_closed:
            return
        task = asyncio.get_running_loop().create_task(self._publish(subject, body, reply))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def listen(self, on_message: Callable[[Msg], None]) -> Inbox:
        """Listens below a fresh inbox of this worker's; survives reconnections."""
        inbox = Inbox(self._client.new_inbox(), on_message)
        self._inboxes.append(inbox)
        await inbox.open(self._client)
        return inbox

    async def leave(self, inbox: Inbox) -> None:
        """Listens there no more."""
        self._inboxes.remove(inbox)
        await inbox.close()

    async def close(self) -> None:
        """Sends what is buffered and closes."""
        self._closing = True
        if self._reopening is not None:
            self._reopening.cancel()
        await asyncio.gather(*self._sending, return_exceptions=True)
        try:
            await self._client.drain()
        except (nats.errors.Error, OSError, asyncio.TimeoutError) as error:
            logger.debug("Could not drain the connection to NATS  why=%r", error)
            await self._give_up()

    async def _connect(self, client: Client) -> None:
        async def on_closed() -> None:
            # One that never came to be the connection leaves nothing behind.
            if client is self._client and not self._closing:
                self._on_closed()

        if self._user is not None:
            # The client has no public way to be told it, but for a package that makes both it and signatures of a seed.
            client._public_nkey = self._user.public
        await client.connect(
            **self._options,
            signature_cb=None if self._user is None else self._user.sign,
            name=f"agentspan worker {self._worker_id}",
            inbox_prefix=self._prefix,
            allow_reconnect=True,
            max_reconnect_attempts=-1,
            # Noticed within half a minute.
            ping_interval=10,
            max_outstanding_pings=2,
            connect_timeout=5,
            reconnect_time_wait=0.4,  # type: ignore[arg-type]
            error_cb=self._on_error,
            disconnected_cb=self._on_disconnect,
            reconnected_cb=self._on_reconnect,
            closed_cb=on_closed,
        )

    async def _give_up(self) -> None:
        self._closing = True
        await _forget(self._client)

    async def _publish(self, subject: str, body: bytes, reply: str) -> None:
        try:
            await self._client.publish(subject, body, reply=reply)
        except (nats.errors.Error, OSError) as error:
            logger.debug("Lost a message  subject=%s why=%r", subject, error)

    async def _on_error(self, error: Exception) -> None:
        # A login that is refused is told once; after it comes no more than that the connection broke.
        if self._last_error is None or not _is_about_login(self._last_error):
            self._last_error = error
        if self._client.is_connected and not isinstance(error, _LOST):
            logger.error("NATS refused something  why=%s", error)

    async def _on_disconnect(self) -> None:
        if not self._closing:
            logger.warning("Lost the connection to NATS; reconnecting  url=%s", without_login(self._url))

    async def _on_reconnect(self) -> None:
        logger.info("Connected to NATS again  url=%s", without_login(self._url))
        self.on_reconnect()

    def _on_closed(self) -> None:
        """The client gives up for good on what a server may say once, such as that it has too many connections."""
        logger.error("NATS ended the connection; opening another  why=%s", self._client.last_error)
        self._reopening = asyncio.get_running_loop().create_task(self._reopen())

    async def _reopen(self) -> None:
        while True:
            await asyncio.sleep(_REOPEN_AFTER_S)
            client = Client()
            try:
                await within(5.0, self._connect(client))
                for inbox in self._inboxes:
                    await inbox.open(client)
            except (OSError, nats.errors.Error, asyncio.TimeoutError) as error:
                logger.warning("Cannot reach NATS yet; trying again  url=%s why=%r", without_login(self._url), error)
                await _forget(client)
            else:
                self._client = client
                await self._on_reconnect()
                return


# Of these a disconnection tells.
_LOST = (
    OSError,
    asyncio.TimeoutError,
    nats.errors.ConnectionClosedError,
    nats.errors.StaleConnectionError,
    nats.errors.UnexpectedEOF,
)


async def _forget(client: Client) -> None:
    try:
        await client.close()
    except (nats.errors.Error, OSError, asyncio.TimeoutError) as error:
        # There is nothing to say goodbye to.
        logger.debug("Could not close the connection to NATS  why=%r", error)


_START_REMEDY = f"Is the server running, and is AGENTSPAN_NATS_URL its address? {START_WITH}"
_LOGIN_REMEDY = (
    "It does not know this login. Make the worker's credentials with: agentspan worker credentials; "
    "and name their file in AGENTSPAN_WORKER_CREDENTIALS_FILE"
)


def _is_about_login(error: BaseException) -> bool:
    return "authorization violation" in str(error).lower()


def unreachable(url: str, why: BaseException) -> AgentspanError:
    address = without_login(url)
    words = str(why) or type(why).__name__
    remedy = _LOGIN_REMEDY if _is_about_login(why) else _START_REMEDY
    return AgentspanError(
        "BUS_UNAVAILABLE", f"Cannot reach NATS at {address} ({words}). {remedy}", metadata={"address": address}
    )
