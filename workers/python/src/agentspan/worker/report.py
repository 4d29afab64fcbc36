"""What became of a task, told until it is answered."""

from __future__ import annotations

import functools
from typing import Any

from agentspan.agents.approval import name_of
from agentspan.v1 import worker_pb2
from agentspan.worker.ask_until_answered import ask_until_answered, is_unregistered
from agentspan.worker.grant_check import Objection
from agentspan.worker.outcome import Outcome
from agentspan.worker.task_in_hand import TaskInHand
from agentspan.worker.worker_parts import WorkerParts, logger, said

# A server that has forgotten this worker knows it after one; more are for servers that forget in between.
_MOST_REGISTRATIONS = 3


async def complete(
    parts: WorkerParts, task: TaskInHand, outcome: Outcome, *, arguments_digest: str, orchestrator_id: str
) -> None:
    """Reports an outcome until it is answered: only then does it count."""
    request = worker_pb2.CompleteRequest(**_named(parts, task), arguments_digest=arguments_digest, **outcome)
    tell = functools.partial(
        ask_until_answered,
        parts.link,
        "complete",
        request,
        worker_pb2.CompleteResponse,
        ended=parts.ended,
        first=orchestrator_id,
    )
    answer = await tell()
    for _ in range(_MOST_REGISTRATIONS):
        if not is_unregistered(answer):
            break
        await parts.register_now()
        answer = await tell()
    fields = {**task.fields, "outcome": next(iter(outcome)), "detail": answer.detail}
    if answer.HasField("error"):
        why = f"{answer.error.reason}: {answer.error.message}"
        logger.error("The server refused an outcome for good: %s  %s", why, said(fields))
    elif answer.status == worker_pb2.COMPLETION_STATUS_ACCEPTED:
        logger.debug("Completed a task  %s", said(fields))
    else:
        status = name_of(worker_pb2.CompletionStatus, answer.status, "COMPLETION_STATUS_")
        logger.warning("An outcome came too late for its call: %s  %s", status, said(fields))


async def release(parts: WorkerParts, task: TaskInHand, why: Objection, *, orchestrator_id: str) -> None:
    """Hands back a task that was not begun, until it is answered."""
    request = worker_pb2.ReleaseRequest(**_named(parts, task), reason=why.reason, detail=why.detail)
    answer = await ask_until_answered(
        parts.link, "release", request, worker_pb2.ReleaseResponse, ended=parts.ended, first=orchestrator_id
    )
    fields = {**task.fields, "reason": worker_pb2.ReleaseReason.Name(why.reason)}
    if why.reason != worker_pb2.RELEASE_REASON_INCOMPATIBLE:
        # What is said of arguments may have values of theirs in it.
        fields["detail"] = why.detail
    if answer.HasField("error"):
        logger.error("A release was refused: %s  %s", answer.error.reason, said(fields))
    else:
        logger.info("Handed a task back  %s", said({**fields, "released": answer.released}))


def _named(parts: WorkerParts, task: TaskInHand) -> dict[str, Any]:
    attempt = {"run_id": task.run_id, "call_id": task.call_id, "attempt": task.attempt, "nonce": task.nonce}
    return {**parts.identity.fields, **attempt}
