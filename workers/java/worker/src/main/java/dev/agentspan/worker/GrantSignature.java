package dev.agentspan.worker;

import dev.agentspan.internal.Digests;
import dev.agentspan.signing.SignedText;
import dev.agentspan.signing.TrustedKeys;
import dev.agentspan.v1.Grant;
import dev.agentspan.v1.Proof;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Whether an orchestrator that is trusted here has signed a grant, for this claim and no other. Whoever can publish on
 * NATS, or change what is stored, cannot make that signature.
 */
final class GrantSignature {
  /** How long a grant may be begun. */
  private static final long VALID_MS = 30_000;

  private GrantSignature() {}

  /** Why the signature does not hold, in words; null where it does. */
  static String unsignedBecause(Grant grant, TaskInHand task, WorkerParts parts) {
    Proof proof = grant.getProof();
    if (!proof.hasGrantedAt() || !proof.hasExpiresAt()) {
      return "the grant is not signed";
    }
    long begins = Times.of(proof.getGrantedAt()).toEpochMilli();
    long ends = Times.of(proof.getExpiresAt()).toEpochMilli();
    Map<String, Object> statement = new HashMap<>();
    statement.put("run", task.runId());
    statement.put("call", task.callId());
    statement.put("attempt", task.attempt());
    statement.put("nonceDigest", Digests.of(task.nonce()));
    statement.put("worker", parts.identity().workerId());
    // As it is served here: the name in the grant is not what is run.
    statement.put("tool", task.tool().name());
    statement.put("digest", grant.getArgumentsDigest());
    statement.put("guarded", grant.getGuarded());
    statement.put("idempotencyKey", grant.getIdempotencyKey());
    statement.put("approval", proof.getApprovalId());
    statement.put("decision", proof.getDecisionId());
    statement.put("grantedAt", begins);
    statement.put("expiresAt", ends);
    if (!proof.getCheckedPreview().isEmpty()) {
      statement.put("preview", proof.getCheckedPreview());
    }
    Optional<String> problem = parts.trustedKeys().problem(
        TrustedKeys.Signer.ORCHESTRATORS,
        SignedText.of("agentspan.grant.v1", statement),
        proof.getKeyId(),
        proof.getSignature().toByteArray(),
        begins);
    if (problem.isPresent()) {
      return "the grant is not believed, because " + problem.get();
    }
    if (ends - begins > VALID_MS) {
      return "the grant holds for more than " + VALID_MS + " ms";
    }
    long now = parts.clock().now().wallMillis();
    if (now > ends) {
      return "the grant has expired: " + (now - ends) + " ms ago by this machine's clock";
    }
    return begins > now + VALID_MS
        ? "the grant is for " + (begins - now) + " ms from now by this machine's clock"
        : null;
  }
}
