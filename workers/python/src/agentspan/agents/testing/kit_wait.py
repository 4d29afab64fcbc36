"""How the methods of a kit wait for what is done in the event loop of the network."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, TypeVar

from agentspan.agents.background import network_loop
from agentspan.agents.testing.hidden_frames import of_the_library
from agentspan.agents.testing.kit_error import KitError
from agentspan.agents.testing.kit_verdicts import VerdictError

__tracebackhide__ = of_the_library

T = TypeVar("T")


def wait(coroutine: Coroutine[Any, Any, T]) -> T:
    """Blocks until it is done."""
    try:
        return network_loop().wait(coroutine)
    except KitError as error:
        # A test that fails is looked at where it is written, not in what ran elsewhere.
        raise error.with_traceback(None) from error.__cause__
    except VerdictError as told:
        raise told.verdict.with_traceback(told.traceback) from told.verdict.__cause__


async def wait_async(coroutine: Coroutine[Any, Any, T]) -> T:
    """The same from any event loop, without blocking it."""
    try:
        return await network_loop().wait_async(coroutine)
    except KitError as error:
        raise error.with_traceback(None) from error.__cause__
    except VerdictError as told:
        raise told.verdict.with_traceback(told.traceback) from told.verdict.__cause__
