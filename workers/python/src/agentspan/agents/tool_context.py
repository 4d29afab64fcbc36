"""What tool functions are told besides their arguments."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    Logger: TypeAlias = logging.LoggerAdapter[logging.Logger]
else:
    # Not generic at run time before Python 3.11.
    Logger = logging.LoggerAdapter


class Cancellation:
    """Says that a call should end: its deadline has passed, its run was cancelled, or the worker shuts down.

    A function that takes long looks at `is_set()`, or waits with `wait()` in place of sleeping. Of a plain async tool
    the coroutine is cancelled as well; a guarded one is only told, since what it does may not be left half done.
    """

    def __init__(self) -> None:
        self._event = threading.Event()
        self._lock = threading.Lock()
        self._callbacks: list[Callable[[], object]] = []
        self._why = ""

    @property
    def why(self) -> str:
        """The reason in words; empty while it is not set."""
        return self._why

    def is_set(self) -> bool:
        """Whether the call should end."""
        return self._event.is_set()

    def wait(self, timeout: float | None = None) -> bool:
        """Blocks a thread until it is set, or for so many seconds; whether it is set."""
        return self._event.wait(timeout)

    async def wait_async(self) -> None:
        """Resolves when it is set."""
        loop = asyncio.get_running_loop()
        told = asyncio.Event()
        self.add_callback(lambda: loop.call_soon_threadsafe(told.set))
        await told.wait()

    def set(self, why: str) -> None:
        """Sets it; only the first reason counts."""
        with self._lock:
            if self._event.is_set():
                return
            self._why = why
            self._event.set()
            callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback()

    def add_callback(self, callback: Callable[[], object]) -> None:
        """Calls it once it is set, from the thread that sets it; at once where it is."""
        with self._lock:
            if not self._event.is_set():
                self._callbacks.append(callback)
                return
        callback()


@dataclass(frozen=True)
class ToolProof:
    """The server's word that this attempt may run."""

    #: The approval that a person gave; empty where none was needed.
    approval_id: str
    decision_id: str
    #: Of the exact text of the arguments.
    arguments_digest: str
    granted_at: datetime | None
    #: Which key signed it; empty while the server has none.
    key_id: str
    signature: bytes


@dataclass(frozen=True)
class ToolContext:
    """A parameter of this type, by whatever name, is given this and told to no model."""

    run_id: str
    call_id: str
    #: From 1; a plain tool that failed or whose worker was lost gets another.
    attempt: int
    #: The same for every attempt of this call: hand it to whatever makes the effect.
    idempotency_key: str
    #: When this attempt must have ended, by this machine's clock; None where it may take as long as it likes.
    deadline: datetime | None
    cancelled: Cancellation
    #: Says run, call and attempt with every line.
    logger: Logger
    #: Why this call may run; None for a plain tool.
    proof: ToolProof | None


def call_logger(logger: logging.Logger, fields: Mapping[str, Any]) -> Logger:
    """A logger that says which call it is about."""
    said = " ".join(f"{name}={value}" for name, value in fields.items())
    return _CallLogger(logger, {"said": said, **fields})


class _CallLogger(Logger):
    def process(self, msg: Any, kwargs: Any) -> tuple[Any, Any]:
        return f"{msg}  {(self.extra or {}).get('said')}", kwargs
