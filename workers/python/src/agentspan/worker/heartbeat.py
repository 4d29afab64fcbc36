"""Says at every interval, also when idle, that this incarnation lives and what it has in hand."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from agentspan.v1 import worker_pb2
from agentspan.worker.ask_until_answered import pause
from agentspan.worker.task_in_hand import TaskInHand
from agentspan.worker.worker_parts import WorkerParts


async def beat(
    parts: WorkerParts,
    *,
    interval: Callable[[], float],
    in_hand: Callable[[], Iterable[TaskInHand]],
    on_answer: Callable[[worker_pb2.HeartbeatResponse], None],
) -> None:
    """One is in flight at a time; one that is not answered is followed at once by a new one, to any orchestrator.

    Whoever judges leases must see the counter move. Ends with the worker.
    """
    counter = 0
    orchestrator_id: str | None = None
    while not parts.ended.is_set():
        every = interval()
        begun = time.monotonic()
        counter += 1
        request = worker_pb2.HeartbeatRequest(
            **parts.identity.fields,
            counter=counter,
            tasks=[
                worker_pb2.TaskInHand(
                    run_id=task.run_id,
                    call_id=task.call_id,
                    attempt=task.attempt,
                    nonce=task.nonce,
                    begun=task.begun,
                )
                for task in in_hand()
            ],
        )
        answer = await parts.link.ask(
            "heartbeat",
            request,
            worker_pb2.HeartbeatResponse,
            timeout=max(0.2, every / 2),
            orchestrator_id=orchestrator_id,
        )
        affine = orchestrator_id is not None
        if answer is not None and not answer.HasField("error"):
            on_answer(answer)
            orchestrator_id = answer.orchestrator_id or None
            wait = every - (time.monotonic() - begun)
        else:
            orchestrator_id = None
            # Nobody there at all is told at once, and must not be asked in a tight loop.
            wait = 0.0 if affine else every / 4
        if wait > 0:
            await pause(wait, parts.ended)
