"""A delivered hint. Losing an answer to it is harmless: it comes again, and the claim is refused."""

from __future__ import annotations

import json
from typing import Protocol

from google.protobuf.message import DecodeError

from agentspan.v1 import worker_pb2


class Publisher(Protocol):
    """What answers are sent with."""

    def publish(self, subject: str, body: bytes) -> None: ...


class TaskMessage:
    """A hint and what NATS may be told of it."""

    def __init__(self, data: bytes, reply: str, link: Publisher) -> None:
        #: None where the body is none of the contract.
        self.hint = _hint_of(data)
        self._reply = reply
        self._link = link

    def ack(self) -> None:
        """Done with: the claim was answered."""
        self._respond("+ACK")

    def give_back(self, after: float | None = None) -> None:
        """Let another worker have it, after so many seconds; at once unless said."""
        self._respond("-NAK" if after is None else f"-NAK {json.dumps({'delay': round(after * 1e9)})}")

    def working(self) -> None:
        """Still at it: do not deliver it again yet."""
        self._respond("+WPI")

    def drop(self) -> None:
        """Nobody can use it."""
        self._respond("+TERM not a task hint")

    def _respond(self, text: str) -> None:
        self._link.publish(self._reply, text.encode("ascii"))


def _hint_of(data: bytes) -> worker_pb2.TaskHint | None:
    try:
        return worker_pb2.TaskHint.FromString(data)
    except DecodeError:
        # Not ours; the caller logs and drops it.
        return None
