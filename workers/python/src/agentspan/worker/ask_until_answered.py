"""Requests that are repeated until they are answered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from google.protobuf.message import Message

from agentspan.agents.within import within
from agentspan.rpc.run_client import backoff
from agentspan.worker.nats_link import NatsLink
from agentspan.worker.worker_parts import WorkerEndedError

O = TypeVar("O", bound=Message)  # noqa: E741

# How long one try waits: short at first, since an orchestrator that is gone does not answer at all.
_FIRST_TIMEOUT_S = 1.0
_MOST_TIMEOUT_S = 5.0


async def ask_until_answered(
    link: NatsLink,
    verb: str,
    request: Message,
    answer: type[O],
    *,
    ended: asyncio.Event,
    first: str = "",
    on_repeat: Callable[[], None] = lambda: None,
) -> O:
    """Sends the same request until it is answered: first to the orchestrator that knows the run, then to any.

    An answer with an error that names a time is repeated after it; one that names none is given back, to be final.
    Raises WorkerEndedError where the worker ends first.
    """
    orchestrator_id = first or None
    failed = 0
    while True:
        if ended.is_set():
            raise WorkerEndedError(f"The worker has shut down before its {verb} was answered.")
        timeout = min(_MOST_TIMEOUT_S, _FIRST_TIMEOUT_S * 2**failed)
        got: Any = await link.ask(verb, request, answer, timeout=timeout, orchestrator_id=orchestrator_id)
        again = got is not None and got.HasField("error") and got.error.HasField("retry_after")
        if got is not None and not again:
            checked: O = got
            return checked
        on_repeat()
        if orchestrator_id is not None and got is None:
            # It did not answer: any other may, at once.
            orchestrator_id = None
            continue
        failed += 1
        wait = got.error.retry_after.ToTimedelta().total_seconds() if again else backoff(failed, 0.1, 2.0)
        await pause(wait, ended)


def is_unregistered(answer: Any) -> bool:
    """Whether what an answer asks for is a registration: the same request may be sent again after one."""
    return bool(answer.HasField("error") and answer.error.reason == "PERMISSION_DENIED")


async def pause(seconds: float, until: asyncio.Event) -> None:
    """Waits so long, or until the event is set."""
    try:
        await within(seconds, until.wait())
    except asyncio.TimeoutError:
        return
