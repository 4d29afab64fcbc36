package dev.agentspan.worker;

import dev.agentspan.v1.CompleteRequest;
import dev.agentspan.v1.CompleteResponse;
import dev.agentspan.v1.CompletionStatus;
import dev.agentspan.v1.ReleaseReason;
import dev.agentspan.v1.ReleaseRequest;
import dev.agentspan.v1.ReleaseResponse;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What became of a task, told until it is answered. */
final class Report {
  /** The reason of an answer that asks for a registration: the same request may be sent again after one. */
  static final String UNREGISTERED = "PERMISSION_DENIED";

  private static final Logger LOG = LoggerFactory.getLogger(Report.class);
  // A server that has forgotten this worker knows it after one; more are for servers that forget in between.
  private static final int MOST_REGISTRATIONS = 3;

  private Report() {}

  /** Reports an outcome until it is answered: only then does it count. */
  static void complete(WorkerParts parts, TaskInHand task, Outcome outcome, Claimed.Granted granted) {
    CompleteRequest.Builder builder = CompleteRequest.newBuilder()
        .setWorkerId(parts.identity().workerId())
        .setIncarnation(parts.identity().incarnation())
        .setNamespace(parts.identity().namespace())
        .setRunId(task.runId())
        .setCallId(task.callId())
        .setAttempt(task.attempt())
        .setNonce(task.nonce())
        .setArgumentsDigest(granted.grant().getArgumentsDigest());
    outcome.into().accept(builder);
    Asking<CompleteResponse> asking = new Asking<>(parts.link(), Verb.COMPLETE, builder.build(), parts.ended())
        .first(granted.orchestratorId());
    CompleteResponse answer = asking.answer().orElseThrow();
    for (int i = 0; i < MOST_REGISTRATIONS && answer.getError().getReason().equals(UNREGISTERED); i++) {
      parts.registration().now();
      answer = asking.answer().orElseThrow();
    }
    if (answer.hasError()) {
      LOG.error("The server refused an outcome for good: {}: {}  {} outcome={}",
          answer.getError().getReason(), answer.getError().getMessage(), task, outcome.word());
    } else if (answer.getStatus() == CompletionStatus.COMPLETION_STATUS_ACCEPTED) {
      LOG.debug("Completed a task  {} outcome={}", task, outcome.word());
    } else {
      LOG.warn("An outcome came too late for its call: {}  {} outcome={} detail={}",
          answer.getStatus().name().replace("COMPLETION_STATUS_", ""), task, outcome.word(), answer.getDetail());
    }
  }

  /** Hands back a task that was not begun, until it is answered. */
  static void release(WorkerParts parts, TaskInHand task, Objection why, String orchestratorId) {
    ReleaseRequest request = ReleaseRequest.newBuilder()
        .setWorkerId(parts.identity().workerId())
        .setIncarnation(parts.identity().incarnation())
        .setNamespace(parts.identity().namespace())
        .setRunId(task.runId())
        .setCallId(task.callId())
        .setAttempt(task.attempt())
        .setNonce(task.nonce())
        .setReason(why.reason())
        .setDetail(Limits.cut(why.detail(), Limits.MESSAGE_BYTES))
        .build();
    ReleaseResponse answer =
        new Asking<>(parts.link(), Verb.RELEASE, request, parts.ended()).first(orchestratorId).answer().orElseThrow();
    if (answer.hasError()) {
      LOG.error("A release was refused: {}  {} reason={}", answer.getError().getReason(), task, why.reason());
    } else {
      // What is said of arguments may have values of theirs in it.
      String detail = why.reason() == ReleaseReason.RELEASE_REASON_INCOMPATIBLE ? "" : " detail=" + why.detail();
      LOG.info("Handed a task back  {} reason={} released={}{}", task, why.reason(), answer.getReleased(), detail);
    }
  }
}
