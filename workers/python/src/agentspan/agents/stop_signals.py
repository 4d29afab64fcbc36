"""Waiting to be asked to stop."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Any

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class AskedToStop:
    """Waits for the first SIGTERM or SIGINT, or for an event.

    From then on, and outside of the block, a signal does what it does without this. In another thread than the main one
    only the event counts: Python delivers signals there.
    """

    def __init__(self, stopping: threading.Event) -> None:
        self._stopping = stopping
        self._woken = threading.Event()
        self._asked = False
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> AskedToStop:
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._on_signal) for number in _SIGNALS}
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._forget()

    def tell(self, _: object) -> None:
        """Ends `wait`."""
        self._woken.set()

    def wait(self) -> None:
        """Until `tell` is called or somebody asks to stop."""
        while not (self._asked or self._stopping.is_set() or self._woken.wait(_LOOK_EVERY_S)):
            pass

    def wait_to_be_asked(self) -> None:
        """Until somebody asks to stop."""
        while not (self._asked or self._stopping.wait(_LOOK_EVERY_S)):
            pass

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._asked = True
        self._forget()

    def _forget(self) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)
        self._before = {}


# A thread that waits without a limit would not run the handler of a signal on every system.
_LOOK_EVERY_S = 0.2
