package dev.agentspan.worker;

import dev.agentspan.internal.Digests;
import dev.agentspan.v1.Grant;
import dev.agentspan.v1.Proof;
import dev.agentspan.v1.ReleaseReason;
import java.time.Duration;

/** Why a worker does not begin what it was granted. It trusts no message about its own gates. */
final class GrantCheck {
  /** A guarded task begins within this time of its claim, so that the server may count a lost one as begun or not. */
  private static final Duration BEGIN_WITHIN = Duration.ofSeconds(3);

  private GrantCheck() {}

  /** Whether a call starts at most once: the stricter of what server and owner say. */
  static boolean isGuarded(Grant grant, TaskInHand task) {
    return grant.getGuarded() || task.tool().approvalRequired() || task.tool().once();
  }

  /** What speaks against a grant as it came; null where nothing does. */
  static Objection objectionTo(Grant grant, TaskInHand task, WorkerParts parts) {
    if (!grant.getToolName().equals(task.tool().name())) {
      String detail = "granted is \"" + grant.getToolName() + "\", served here is \"" + task.tool().name() + "\"";
      return new Objection(ReleaseReason.RELEASE_REASON_INCOMPATIBLE, detail);
    }
    String unproved = unprovedBecause(grant, task, parts);
    return unproved == null ? null : new Objection(ReleaseReason.RELEASE_REASON_NO_PROOF, unproved);
  }

  private static String unprovedBecause(Grant grant, TaskInHand task, WorkerParts parts) {
    if (!Digests.of(grant.getArgumentsJson()).equals(grant.getArgumentsDigest())) {
      return "the arguments are not those of the digest";
    }
    if (!grant.hasProof()) {
      if (isGuarded(grant, task)) {
        return "the tool is guarded and the grant has no proof";
      }
      // A plain one as well: whoever takes the proof away may have taken away that the call is guarded.
      return parts.trustedKeys() == null ? null : "the grant has no proof, and only signed ones count here";
    }
    if (task.tool().approvalRequired() && grant.getProof().getApprovalId().isEmpty()) {
      return "the tool needs an approval and the proof names none";
    }
    String other = boundToAnother(grant, task, parts.identity().workerId());
    if (other != null) {
      return "the proof is bound to another " + other;
    }
    return parts.trustedKeys() == null ? null : GrantSignature.unsignedBecause(grant, task, parts);
  }

  private static String boundToAnother(Grant grant, TaskInHand task, String workerId) {
    Proof proof = grant.getProof();
    if (!proof.getRunId().equals(task.runId())) {
      return "run";
    }
    if (!proof.getCallId().equals(task.callId())) {
      return "call";
    }
    if (proof.getAttempt() != task.attempt()) {
      return "attempt";
    }
    if (!proof.getNonce().equals(task.nonce())) {
      return "nonce";
    }
    if (!proof.getWorkerId().equals(workerId)) {
      return "worker";
    }
    return proof.getArgumentsDigest().equals(grant.getArgumentsDigest()) ? null : "digest of the arguments";
  }

  /** Whether a guarded grant is too old to begin, by either clock; a date that went back tells nothing of its age. */
  static Objection tooLate(Clock.Moment sentAt, Clock clock) {
    Clock.Moment now = clock.now();
    Duration monotonic = now.since(sentAt);
    Duration wall = now.sinceByDate(sentAt);
    if (monotonic.compareTo(BEGIN_WITHIN) <= 0 && wall.abs().compareTo(BEGIN_WITHIN) <= 0) {
      return null;
    }
    String detail = monotonic.toMillis() + " ms after the claim (" + wall.toMillis() + " ms by the date), past "
        + BEGIN_WITHIN.toMillis() + " ms";
    return new Objection(ReleaseReason.RELEASE_REASON_TOO_LATE, detail);
  }
}
