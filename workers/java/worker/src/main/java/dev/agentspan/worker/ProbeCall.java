package dev.agentspan.worker;

/**
 * What a probe is told besides the input of the call that it looks for.
 *
 * @param attempt the one whose outcome nobody knows
 * @param idempotencyKey what the tool handed to whatever makes the effect
 */
public record ProbeCall(
    String runId, String callId, int attempt, String idempotencyKey, Cancellation cancellation) {}
