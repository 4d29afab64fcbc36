"""Calls a tool's function and waits for it."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta, timezone
from typing import Any

from agentspan.agents.approval import date_of
from agentspan.agents.tool_context import ToolContext, ToolProof, call_logger
from agentspan.v1 import worker_pb2
from agentspan.worker.claim import Granted
from agentspan.worker.grant_check import is_guarded
from agentspan.worker.outcome import Outcome, raised, returned
from agentspan.worker.task_in_hand import TaskInHand
from agentspan.worker.tool_runner import MayBegin, Raised
from agentspan.worker.tool_span import in_span
from agentspan.worker.worker_parts import WorkerParts, logger, said


async def execute(
    parts: WorkerParts, task: TaskInHand, granted: Granted, arguments: dict[str, Any], may_begin: MayBegin
) -> Outcome | None:
    """The outcome of the function; None where it was not called.

    It is waited for also past its deadline: it is told, and what it then does is what is reported. A guarded effect
    that is still going on must not be called failed.
    """
    grant = granted.grant
    left = _seconds_left(parts, granted)
    now = datetime.fromtimestamp(parts.clock.now().wall, timezone.utc)
    deadline = None if left is None else now + timedelta(seconds=left)
    timer = None
    if left is not None and deadline is not None:
        why = f"The tool ran past its deadline ({deadline.isoformat()})."
        timer = asyncio.get_running_loop().call_later(left, task.cancelled.set, why)
    guarded = is_guarded(grant, task)
    try:
        ran = await parts.runner.run(
            in_span(parts.hooks.function(task, "execute", task.tool.execute), task, grant),
            arguments,
            _context_of(task, grant, deadline),
            may_begin=may_begin,
            cancels=None if guarded else task.cancelled,
        )
    finally:
        if timer is not None:
            timer.cancel()
    if ran is None:
        return None
    parts.hooks.after_execute(task)
    if isinstance(ran, Raised):
        logger.warning("A tool raised  %s", said(task.fields), exc_info=ran.error)
        return raised(ran.error)
    outcome = returned(ran.value, guarded=guarded, max_payload=parts.link.max_payload)
    if "failure" in outcome:
        logger.warning("A tool's result was not told: %s  %s", outcome["failure"].message, said(task.fields))
    return outcome


def _seconds_left(parts: WorkerParts, granted: Granted) -> float | None:
    """The deadline is by the server's clock and so is the time of the grant: their distance holds on any clock.

    Where the grant's time is not told, the clocks are taken to agree.
    """
    grant = granted.grant
    if not grant.HasField("deadline"):
        return None
    at = grant.deadline.ToMilliseconds() / 1000
    if not grant.proof.HasField("granted_at"):
        return max(0.0, at - parts.clock.now().wall)
    since_claim = parts.clock.now().monotonic - granted.sent_at.monotonic
    return max(0.0, at - grant.proof.granted_at.ToMilliseconds() / 1000 - since_claim)


def _context_of(task: TaskInHand, grant: worker_pb2.Grant, deadline: datetime | None) -> ToolContext:
    proof = grant.proof
    return ToolContext(
        run_id=task.run_id,
        call_id=task.call_id,
        attempt=task.attempt,
        idempotency_key=grant.idempotency_key,
        deadline=deadline,
        cancelled=task.cancelled,
        logger=call_logger(logger, task.fields),
        proof=ToolProof(
            approval_id=proof.approval_id,
            decision_id=proof.decision_id,
            arguments_digest=proof.arguments_digest,
            granted_at=date_of(proof, "granted_at"),
            key_id=proof.key_id,
            signature=proof.signature,
        )
        if grant.HasField("proof")
        else None,
    )
