// Refusals as the messages that carry them, to gateways and to workers.
import type { AgentspanError } from "@agentspan/internal";
import { type Failure, FailureSchema, type WorkerError, WorkerErrorSchema } from "@agentspan/proto";
import { create } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";

/** What a gateway is told. */
export function toFailure(error: AgentspanError): Failure {
  return create(FailureSchema, {
    reason: error.reason,
    message: error.message,
    metadata: { ...error.metadata },
    fields: error.fields.map(({ field, description }) => ({ field, description })),
    ...retryAfter(error),
  });
}

/** What a worker is told. It repeats the request where `retry_after` is set, and never otherwise. */
export function toWorkerError(error: AgentspanError): WorkerError {
  return create(WorkerErrorSchema, { reason: error.reason, message: error.message, ...retryAfter(error) });
}

const DEFAULT_RETRY_AFTER_MS = 1_000;

function retryAfter(error: AgentspanError) {
  const ms = error.retryAfterMs ?? (error.retryable ? DEFAULT_RETRY_AFTER_MS : undefined);
  return ms === undefined ? {} : { retryAfter: durationFromMs(ms) };
}
