"""What a tool may bring for the case that its worker is lost: a look at whether its effect happened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

from agentspan.agents.tool_context import Cancellation, Logger


@dataclass(frozen=True)
class ProbeContext:
    """What a probe is told besides the arguments of the call that it looks for."""

    run_id: str
    call_id: str
    #: The attempt whose outcome nobody knows.
    attempt: int
    #: What the tool handed to whatever makes the effect.
    idempotency_key: str
    cancelled: Cancellation
    logger: Logger


@dataclass(frozen=True)
class Happened:
    """The effect happened, and this is the call's result."""

    result: Any = None
    #: What was looked at and seen, in words for the person who may be asked next.
    detail: str = ""


@dataclass(frozen=True)
class DidNotHappen:
    """It did not happen by the time that the probe looked."""

    detail: str = ""


@dataclass(frozen=True)
class Unknown:
    """The probe cannot tell."""

    detail: str = ""


ProbeAnswer: TypeAlias = Happened | DidNotHappen | Unknown
"""What a probe returns. It only looks, and may be called any number of times, by any worker that serves the tool. One
that raises, or returns anything else, answers nothing and is asked again."""
