"""Whether an orchestrator that is trusted here has signed a grant, for this claim and no other.

Whoever can publish on NATS, or change what is stored, cannot make that signature.
"""

from __future__ import annotations

from agentspan.agents.canonical_json import digest_of
from agentspan.signing.statements import GRANT_VALID_MS, GrantStatement, grant_text
from agentspan.signing.trusted_keys import TrustedKeys
from agentspan.v1 import worker_pb2
from agentspan.worker.task_in_hand import TaskInHand


def unsigned_because(
    grant: worker_pb2.Grant, task: TaskInHand, *, worker_id: str, wall: float, trusted: TrustedKeys
) -> str | None:
    """Why the signature of a grant does not hold, in words; None where it does. `wall` in seconds since the epoch."""
    proof = grant.proof
    if not proof.HasField("granted_at") or not proof.HasField("expires_at"):
        return "the grant is not signed"
    begins, ends = proof.granted_at.ToMilliseconds(), proof.expires_at.ToMilliseconds()
    statement: GrantStatement = {
        "run": task.run_id,
        "call": task.call_id,
        "attempt": task.attempt,
        "nonceDigest": digest_of(task.nonce),
        "worker": worker_id,
        # As it is served here: the name in the grant is not what is run.
        "tool": task.tool_name,
        "digest": grant.arguments_digest,
        "guarded": grant.guarded,
        "idempotencyKey": grant.idempotency_key,
        "approval": proof.approval_id,
        "decision": proof.decision_id,
        "grantedAt": begins,
        "expiresAt": ends,
    }
    if proof.checked_preview:
        statement["preview"] = proof.checked_preview
    problem = trusted.problem(
        "orchestrators", text=grant_text(statement), key_id=proof.key_id, signature=proof.signature, at=begins
    )
    if problem is not None:
        return f"the grant is not believed, because {problem}"
    if ends - begins > GRANT_VALID_MS:
        return f"the grant holds for more than {GRANT_VALID_MS} ms"
    now = round(wall * 1000)
    if now > ends:
        return f"the grant has expired: {now - ends} ms ago by this machine's clock"
    if begins > now + GRANT_VALID_MS:
        return f"the grant is for {begins - now} ms from now by this machine's clock"
    return None
