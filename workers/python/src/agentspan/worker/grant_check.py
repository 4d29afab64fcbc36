"""Why a worker does not begin what it was granted. It trusts no message about its own gates."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agentspan.agents.canonical_json import digest_of
from agentspan.v1 import worker_pb2
from agentspan.worker.clock import Clock, Instant
from agentspan.worker.task_in_hand import TaskInHand

if TYPE_CHECKING:
    from agentspan.signing.trusted_keys import TrustedKeys

BEGIN_WITHIN_S = 3.0
"""A guarded task begins within this time of its claim, so that the server may count a lost one as begun or not."""


@dataclass(frozen=True)
class Objection:
    """Why a task is handed back."""

    reason: worker_pb2.ReleaseReason
    detail: str


def is_guarded(grant: worker_pb2.Grant, task: TaskInHand) -> bool:
    """Whether a call starts at most once: the stricter of what server and owner say."""
    return grant.guarded or task.tool.approval_required or task.tool.once


def objection_to(
    grant: worker_pb2.Grant, task: TaskInHand, *, worker_id: str, wall: float, trusted: TrustedKeys | None
) -> Objection | None:
    """What speaks against a grant as it came; None where nothing does. `wall` is in seconds since the epoch."""
    if grant.tool_name != task.tool_name:
        granted, served = json.dumps(grant.tool_name), json.dumps(task.tool_name)
        return Objection(worker_pb2.RELEASE_REASON_INCOMPATIBLE, f"granted is {granted}, served here is {served}")
    unproved = _unproved_because(grant, task, worker_id, wall, trusted)
    return None if unproved is None else Objection(worker_pb2.RELEASE_REASON_NO_PROOF, unproved)


def _unproved_because(
    grant: worker_pb2.Grant, task: TaskInHand, worker_id: str, wall: float, trusted: TrustedKeys | None
) -> str | None:
    if grant.arguments_digest != digest_of(grant.arguments_json):
        return "the arguments are not those of the digest"
    if not grant.HasField("proof"):
        if is_guarded(grant, task):
            return "the tool is guarded and the grant has no proof"
        # A plain one as well: whoever takes the proof away may have taken away that the call is guarded.
        return None if trusted is None else "the grant has no proof, and only signed ones count here"
    proof = grant.proof
    if task.tool.approval_required and not proof.approval_id:
        return "the tool needs an approval and the proof names none"
    bound = {
        "run_id": task.run_id,
        "call_id": task.call_id,
        "attempt": task.attempt,
        "nonce": task.nonce,
        "worker_id": worker_id,
        "arguments_digest": grant.arguments_digest,
    }
    other = next((name for name, value in bound.items() if getattr(proof, name) != value), None)
    if other is not None:
        return f"the proof is bound to another {other}"
    if trusted is None:
        return None
    from agentspan.worker.grant_signature import unsigned_because

    return unsigned_because(grant, task, worker_id=worker_id, wall=wall, trusted=trusted)


def too_late(sent_at: Instant, clock: Clock) -> Objection | None:
    """Whether a guarded grant is too old to begin, by either clock. A date that went back tells nothing of its age."""
    now = clock.now()
    monotonic, wall = now.monotonic - sent_at.monotonic, now.wall - sent_at.wall
    if monotonic <= BEGIN_WITHIN_S and abs(wall) <= BEGIN_WITHIN_S:
        return None
    detail = f"{monotonic:.3f} s after the claim ({wall:.3f} s by the date), past {BEGIN_WITHIN_S:.0f} s"
    return Objection(worker_pb2.RELEASE_REASON_TOO_LATE, detail)
