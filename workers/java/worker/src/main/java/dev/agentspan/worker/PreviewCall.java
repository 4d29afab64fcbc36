package dev.agentspan.worker;

/** What a preview is told besides the input of the call. */
public record PreviewCall(String runId, String callId, Cancellation cancellation) {}
