// What NATS says when it cannot do something, as the one error that the port names.
import { AgentspanError } from "@agentspan/internal";
import { ErrorCode, NatsError } from "nats";

const RETRY_AFTER_MS = 1_000;

/** Codes of JetStream's API errors that mean something to us; texts are never matched to decide. */
export const JetStreamCodes = {
  STREAM_NOT_FOUND: 10059,
  STREAM_EXISTS_OTHERWISE: 10058,
  CONSUMER_NOT_FOUND: 10014,
  CONSUMER_EXISTS_OTHERWISE: 10148,
  MAXIMUM_CONSUMERS: 10026,
  MESSAGE_NOT_FOUND: 10037,
  /** Not stored: the subject has its message, or the stream is full; only the text tells which. */
  STORE_FAILED: 10077,
} as const;

/** JetStream's own error; undefined where there was no answer. */
export function jetStreamError(thrown: unknown): { code: number; description: string } | undefined {
  const error = thrown instanceof NatsError ? thrown.jsError() : null;
  return error === null ? undefined : { code: error.err_code ?? error.code, description: error.description };
}

/** Nobody listens there: no stream takes the subject, or JetStream is off or still starting. */
export function nobodyListens(thrown: unknown): boolean {
  return thrown instanceof NatsError && thrown.code === ErrorCode.NoResponders && !thrown.isJetStreamError();
}

/** BUS_UNAVAILABLE: what was tried, and what NATS said. One of ours passes as it is. */
export function unavailable(tried: string, thrown: unknown): AgentspanError {
  if (thrown instanceof AgentspanError) return thrown;
  const text = `${tried}, but ${sayingOf(thrown)}. Try again.`;
  return new AgentspanError("BUS_UNAVAILABLE", text, { retryAfterMs: RETRY_AFTER_MS, cause: thrown });
}

function sayingOf(thrown: unknown): string {
  const said = jetStreamError(thrown);
  if (said !== undefined) return `JetStream answered ${said.code}, ${said.description}`;
  if (nobodyListens(thrown)) return "nobody answers there: JetStream is off, or still starting";
  if (thrown instanceof NatsError) {
    if (thrown.code === ErrorCode.Timeout) return "NATS did not answer in time";
    return `the connection to NATS said ${thrown.code}`;
  }
  return thrown instanceof Error ? thrown.message : String(thrown);
}
