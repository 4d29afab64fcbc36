package dev.agentspan.worker;

import dev.agentspan.v1.ClaimRequest;
import dev.agentspan.v1.ClaimResponse;
import dev.agentspan.v1.RefusalReason;
import dev.agentspan.v1.ReleaseReason;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Claims with the task's nonce until there is an answer: to a repeated claim the server gives the same one. */
final class Claim {
  private static final Logger LOG = LoggerFactory.getLogger(Claim.class);

  /** What is claimed. */
  enum Of {
    /** The call itself. */
    CALL,
    /** What its probe needs, and never a start. */
    PROBE,
    /** What its preview needs, and never a start. */
    PREVIEW
  }

  private Claim() {}

  /** Throws WorkerEndedException. */
  static Claimed of(WorkerParts parts, TaskInHand task, Of what) {
    WorkerIdentity who = parts.identity();
    ClaimRequest request = ClaimRequest.newBuilder()
        .setWorkerId(who.workerId())
        .setIncarnation(who.incarnation())
        .setNamespace(who.namespace())
        .setRunId(task.runId())
        .setCallId(task.callId())
        .setAttempt(task.attempt())
        .setNonce(task.nonce())
        .setProbe(what == Of.PROBE)
        .setPreview(what == Of.PREVIEW)
        .build();
    AtomicBoolean repeated = new AtomicBoolean();
    Clock.Moment sentAt = parts.clock().now();
    ClaimResponse answer = new Asking<>(parts.link(), Verb.CLAIM, request, parts.ended())
        .first(task.announcedBy())
        .onRepeat(() -> {
          repeated.set(true);
          task.holdHints();
        })
        .answer()
        .orElseThrow();
    if (answer.hasError()) {
      return refusedByError(parts, task, answer, repeated.get() && what == Of.CALL);
    }
    return switch (answer.getAnswerCase()) {
      case GRANT -> new Claimed.Granted(answer.getGrant(), answer.getOrchestratorId(), sentAt);
      case REFUSAL -> refused(answer.getRefusal().getReason());
      case ANSWER_NOT_SET -> new Claimed.Refused("an answer that this version does not know");
    };
  }

  private static Claimed refusedByError(WorkerParts parts, TaskInHand task, ClaimResponse answer, boolean mayHaveIt) {
    String reason = answer.getError().getReason();
    if (mayHaveIt) {
      // An earlier try may have been granted and its answer lost: nobody may count on this claim.
      Objection why = new Objection(ReleaseReason.RELEASE_REASON_TOO_LATE, "the claim was refused: " + reason);
      Report.release(parts, task, why, answer.getOrchestratorId());
    }
    if (reason.equals(Report.UNREGISTERED)) {
      LOG.warn("A claim was refused; registering again: {}  {}", answer.getError().getMessage(), task);
      parts.registration().soon();
      return new Claimed.Unregistered();
    }
    return new Claimed.Refused(reason + ": " + answer.getError().getMessage());
  }

  private static Claimed refused(RefusalReason reason) {
    return switch (reason) {
      case REFUSAL_REASON_PROBE -> new Claimed.AskProbe();
      case REFUSAL_REASON_PREVIEW -> new Claimed.AskPreview();
      default -> new Claimed.Refused(reason.name().replace("REFUSAL_REASON_", ""));
    };
  }
}
