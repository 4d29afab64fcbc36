package dev.agentspan.worker;

import java.time.Instant;
import java.util.Optional;

/**
 * What a tool is told besides its input.
 *
 * @param attempt from 1; a plain tool that failed or whose worker was lost gets another
 * @param idempotencyKey the same for every attempt of this call: hand it to whatever makes the effect
 * @param deadline when this attempt must have ended, by this machine's clock; empty where it may take as long as it
 * likes
 * @param cancellation says that the call should end
 * @param proof why this call may run; empty where nothing was proved
 */
public record ToolCall(
    String runId,
    String callId,
    int attempt,
    String idempotencyKey,
    Optional<Instant> deadline,
    Cancellation cancellation,
    Optional<Proof> proof) {

  /** Whether the call should end: its deadline has passed, its run was cancelled, or the worker stops. */
  public boolean isCancelled() {
    return cancellation.isCancelled();
  }

  /** The approval that a person gave; empty where none was needed. */
  public String approvalId() {
    return proof.map(Proof::approvalId).orElse("");
  }

  /** The decision that let it run; empty where nobody had to decide. */
  public String decisionId() {
    return proof.map(Proof::decisionId).orElse("");
  }
}
