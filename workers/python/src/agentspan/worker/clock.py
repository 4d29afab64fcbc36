"""The two clocks that a grant's age is told by: neither alone sees both a sleeping machine and a changed date."""

from __future__ import annotations

import time
from dataclasses import dataclass


@dataclass(frozen=True)
class Instant:
    """An instant by both clocks, in seconds."""

    monotonic: float
    wall: float


class Clock:
    """The system's clocks."""

    def now(self) -> Instant:
        """This instant."""
        return Instant(time.monotonic(), time.time())
