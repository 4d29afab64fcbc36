"""Claims, and what becomes of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from agentspan.v1 import worker_pb2
from agentspan.worker.ask_until_answered import ask_until_answered, is_unregistered
from agentspan.worker.clock import Instant
from agentspan.worker.grant_check import Objection
from agentspan.worker.report import release
from agentspan.worker.task_in_hand import TaskInHand
from agentspan.worker.worker_parts import WorkerParts, logger, said


@dataclass(frozen=True)
class Granted:
    """The attempt is this worker's."""

    grant: worker_pb2.Grant
    #: Asked first from now on.
    orchestrator_id: str
    #: When the claim was first sent; a guarded grant ages from then.
    sent_at: Instant


@dataclass(frozen=True)
class Refused:
    """Nothing is to be done, or nothing now."""

    why: str


@dataclass(frozen=True)
class Unregistered:
    """The server knows of no registration of this tool here (any more). It is told again, and then may grant it."""


Looks: TypeAlias = Literal["probe", "preview"]
"""All that is asked: whether the attempt took effect, or what the call would do."""

Claimed: TypeAlias = Granted | Refused | Unregistered | Looks

_LOOKS: dict[int, Looks] = {
    worker_pb2.REFUSAL_REASON_PROBE: "probe",
    worker_pb2.REFUSAL_REASON_PREVIEW: "preview",
}


async def claim(parts: WorkerParts, task: TaskInHand, looks: Looks | None = None) -> Claimed:
    """Claims with the task's nonce until there is an answer: to a repeated claim the server gives the same one.

    With `looks` it asks for what a probe or a preview needs, and never for a start. Raises WorkerEndedError.
    """
    request = worker_pb2.ClaimRequest(
        **parts.identity.fields,
        run_id=task.run_id,
        call_id=task.call_id,
        attempt=task.attempt,
        nonce=task.nonce,
        probe=looks == "probe",
        preview=looks == "preview",
    )
    sent_at = parts.clock.now()
    repeated = False

    def on_repeat() -> None:
        nonlocal repeated
        repeated = True
        task.hold_hints()

    answer = await ask_until_answered(
        parts.link,
        "claim",
        request,
        worker_pb2.ClaimResponse,
        ended=parts.ended,
        first=task.announced_by,
        on_repeat=on_repeat,
    )
    if answer.HasField("error"):
        reason = answer.error.reason
        if repeated and looks is None:
            # An earlier try may have been granted and its answer lost: nobody may count on this claim.
            objection = Objection(worker_pb2.RELEASE_REASON_TOO_LATE, f"the claim was refused: {reason}")
            await release(parts, task, objection, orchestrator_id=answer.orchestrator_id)
        if is_unregistered(answer):
            why = answer.error.message
            logger.warning("A claim was refused; registering again: %s  %s", why, said(task.fields))
            parts.register_soon()
            return Unregistered()
        return Refused(f"{reason}: {answer.error.message}")
    if answer.HasField("grant"):
        return Granted(answer.grant, answer.orchestrator_id, sent_at)
    if answer.HasField("refusal"):
        number = answer.refusal.reason
        named = worker_pb2.RefusalReason.Name(number) if number in worker_pb2.RefusalReason.values() else str(number)
        return _LOOKS.get(number) or Refused(named.removeprefix("REFUSAL_REASON_"))
    return Refused("an answer that this version does not know")
