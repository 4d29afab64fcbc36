"""One task from its hint to its answered outcome. The order is the contract's:

1. the nonce is in hand, and so in every heartbeat, before the claim that carries it is sent;
2. the hint is acknowledged as soon as the claim is answered, either way: only the server tries again. It is put back
   where the server must be told of this worker first;
3. checks, the worker's own schema among them, come between grant and beginning; the age of a guarded grant last, where
   the function is called, with nothing waited for between it and the call;
4. what has begun is completed, never released; what has not is released, never completed.
"""

from __future__ import annotations

from agentspan.agents.input_schema import ArgumentsError
from agentspan.v1 import worker_pb2
from agentspan.worker.claim import Granted, Refused, Unregistered, claim
from agentspan.worker.execute import execute
from agentspan.worker.grant_check import Objection, is_guarded, objection_to, too_late
from agentspan.worker.outcome import Outcome
from agentspan.worker.preview_run import run_preview
from agentspan.worker.probe_run import run_probe
from agentspan.worker.report import complete, release
from agentspan.worker.task_in_hand import LEFT_TO_OTHERS_S, TaskInHand
from agentspan.worker.worker_parts import WorkerParts, logger, said


async def run_task(parts: WorkerParts, task: TaskInHand) -> None:
    """Resolves when the server has answered for the task. Raises WorkerEndedError where the worker ends first."""
    claimed = await claim(parts, task)
    if claimed == "probe":
        return await run_probe(parts, task)
    if claimed == "preview":
        return await run_preview(parts, task)
    if isinstance(claimed, Unregistered):
        return task.give_hints_back(LEFT_TO_OTHERS_S)
    task.acknowledge_hints()
    if isinstance(claimed, Refused):
        return logger.debug("A claim was refused: %s  %s", claimed.why, said(task.fields))
    done = await _begin(parts, task, claimed)
    if isinstance(done, Objection):
        return await release(parts, task, done, orchestrator_id=claimed.orchestrator_id)
    digest = claimed.grant.arguments_digest
    return await complete(parts, task, done, arguments_digest=digest, orchestrator_id=claimed.orchestrator_id)


async def _begin(parts: WorkerParts, task: TaskInHand, claimed: Granted) -> Outcome | Objection:
    """The outcome of the function, or why it was not called."""
    grant = claimed.grant
    worker_id, wall = parts.identity.worker_id, parts.clock.now().wall
    objection = objection_to(grant, task, worker_id=worker_id, wall=wall, trusted=parts.trusted_keys)
    if objection is not None:
        logger.error("A grant was refused: %s  %s", objection.detail, said(task.fields))
        return objection
    try:
        arguments = task.tool.schema.read(grant.arguments_json)
    except ArgumentsError as error:
        # What the error says may have values in it.
        places = ", ".join(error.places)
        logger.warning("The tool's schema here refuses the arguments  at=%s %s", places, said(task.fields))
        return Objection(worker_pb2.RELEASE_REASON_INCOMPATIBLE, str(error))
    kept_from: list[Objection] = []

    def may_begin() -> bool:
        against = _against(parts, task, claimed)
        if against is None:
            task.begun = True
            return True
        kept_from.append(against)
        return False

    try:
        outcome = await execute(parts, task, claimed, arguments, may_begin)
    except RuntimeError as error:
        # No thread can be made any more: the process is at its end.
        if task.begun:
            raise
        return Objection(worker_pb2.RELEASE_REASON_SHUTTING_DOWN, str(error))
    return kept_from[0] if outcome is None else outcome


def _against(parts: WorkerParts, task: TaskInHand, claimed: Granted) -> Objection | None:
    if parts.draining.is_set():
        return Objection(worker_pb2.RELEASE_REASON_SHUTTING_DOWN, "the worker is shutting down")
    if task.cancelled.is_set():
        return Objection(worker_pb2.RELEASE_REASON_TOO_LATE, "told to stop before it began")
    return too_late(claimed.sent_at, parts.clock) if is_guarded(claimed.grant, task) else None
