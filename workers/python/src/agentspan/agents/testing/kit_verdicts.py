"""What functions of the test raised that is meant for the test: a failed assertion, pytest.fail(), pytest.skip().

Of a tool it would be the call's outcome, and of a turn of the model a provider's failure. It is raised where the test
waits for the run.
"""

from __future__ import annotations

import asyncio
import unittest
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from agentspan.agents.background import network_loop
from agentspan.agents.testing.kit_error import KitError
from agentspan.agents.testing.kit_lost import WorkerLostError

_LIBRARY = Path(__file__).parents[2]
# Of these the process, a generator or a task ends.
_ENDINGS = (KeyboardInterrupt, SystemExit, GeneratorExit, asyncio.CancelledError, WorkerLostError)


class VerdictError(Exception):
    """Carries one through event loops, which do not take everything that a function may raise."""

    def __init__(self, verdict: BaseException) -> None:
        super().__init__(str(verdict))
        self.verdict = verdict
        self.traceback = _of_the_test(verdict.__traceback__)


class Verdicts:
    """Of one kit. Added by whatever thread calls a function; looked at in the event loop of the network."""

    def __init__(self) -> None:
        #: Called there when one has come.
        self.come: list[Callable[[], None]] = []
        self._untold: list[VerdictError] = []
        self._told = False

    def add(self, verdict: BaseException) -> None:
        """Whoever waits is told it."""
        made = VerdictError(verdict)

        def come() -> None:
            self._untold.append(made)
            for tell in self.come:
                tell()

        network_loop().loop.call_soon_threadsafe(come)

    @property
    def any(self) -> bool:
        """Whether there is one to tell."""
        return bool(self._untold)

    def tell(self) -> None:
        """Raises the first; what came after it, of attempts that followed, is told with it."""
        if self._untold:
            first = self._untold[0]
            self._untold.clear()
            self._told = True
            raise first

    def tell_if_none_was_told(self) -> None:
        """Raises the first, where the test has not had one."""
        if not self._told:
            self.tell()


def is_verdict(error: BaseException) -> bool:
    """Whether it is one. pytest's own are no Exception, so that no `except Exception` takes them."""
    if isinstance(error, Exception):
        return isinstance(error, AssertionError | KitError | unittest.SkipTest)
    return not isinstance(error, _ENDINGS)


def _of_the_test(traceback: TracebackType | None) -> TracebackType | None:
    """From the first frame outside of this library on."""
    while traceback is not None and _LIBRARY in Path(traceback.tb_frame.f_code.co_filename).parents:
        traceback = traceback.tb_next
    return traceback
