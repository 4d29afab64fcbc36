"""One rule for every length of time in the SDK."""

from __future__ import annotations

import math
import re
from datetime import timedelta
from typing import TypeAlias

from google.protobuf.duration_pb2 import Duration as DurationMessage

from agentspan.agents.errors import invalid

Duration: TypeAlias = float | timedelta | str
"""Seconds, a timedelta, or a number with a unit: "500ms", "30s", "5m", "1.5h", "7d"."""

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_TEXT = re.compile(r"(\d{1,12}(?:\.\d{1,3})?)(ms|s|m|h|d)")
_MOST = 2.0**53 / 1000


def to_seconds(duration: Duration, field: str) -> float:
    """Seconds, in whole milliseconds. Raises INVALID_REQUEST, naming the field, where it is no duration above zero."""
    seconds = _seconds_of(duration)
    if seconds is not None and math.isfinite(seconds) and 0 < seconds <= _MOST:
        return max(0.001, round(seconds, 3))
    words = 'must be a number of seconds above 0, a timedelta, or text such as "30s" or "5m"'
    raise invalid(f"{field} is {duration!r}; it {words}.", field, "not a duration")


def to_message(duration: Duration, field: str) -> DurationMessage:
    """The same as a message of protobuf."""
    message = DurationMessage()
    message.FromMilliseconds(round(to_seconds(duration, field) * 1000))
    return message


def _seconds_of(duration: object) -> float | None:
    if isinstance(duration, timedelta):
        return duration.total_seconds()
    if isinstance(duration, str):
        match = _TEXT.fullmatch(duration.strip())
        return None if match is None else float(match[1]) * _UNITS[match[2]]
    if isinstance(duration, int | float) and not isinstance(duration, bool):
        return float(duration)
    return None
