import { AgentspanError, type Logger } from "@agentspan/internal";
import type { WorkerError } from "@agentspan/proto";
import { toWorkerError } from "./bus/failures.js";

const OWN_ERROR_RETRY_MS = 1_000;

/** What a worker is told of a request that was not carried out. */
export function workerErrorOf(thrown: unknown, log: Logger): WorkerError {
  const error = AgentspanError.from(thrown);
  if (error.reason !== "INTERNAL") return toWorkerError(error);
  log.error({ err: error.cause ?? error }, "A worker's request failed");
  // An error of our own may pass, and what the worker has in hand must not be thrown away for it.
  return toWorkerError(new AgentspanError("INTERNAL", error.message, { retryAfterMs: OWN_ERROR_RETRY_MS }));
}

export function isNotFound(thrown: unknown): boolean {
  return thrown instanceof AgentspanError && thrown.reason === "RUN_NOT_FOUND";
}
