// What NATS says when it cannot do something, as the one error that the port names.
import { AgentspanError } from "@agentspan/internal";
import { ErrorCode, NatsError } from "nats";

const RETRY_AFTER_MS = 1_000;

/** Codes of JetStream's API errors that mean something to us; texts are never matched to decide. */
export const JetStreamCodes = {
  STREAM_NOT_FOUND: 10059,
  STREAM_EXISTS_OTHERWISE: 10058,
  CONSUMER_NOT_FOUND: 10014,
  /** More copies than one are asked of a server that is in no cluster. */
  NO_CLUSTER: 10074,
  /** The cluster has too few servers for so many copies, for now or for good. */
  NO_SUITABLE_PEERS: 10005,
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

/** That the copies asked for need more servers; undefined where that is not what NATS said. */
export function tooFewServers(replicas: number, thrown: unknown): AgentspanError | undefined {
  const said = jetStreamError(thrown);
  const passing = said?.code === JetStreamCodes.NO_SUITABLE_PEERS;
  if (said === undefined || replicas < 2 || !(passing || said.code === JetStreamCodes.NO_CLUSTER)) return undefined;
  const text = `AGENTSPAN_NATS_REPLICAS is ${replicas}, which needs ${replicas} NATS servers with JetStream in one cluster, but JetStream answered ${said.code}, ${said.description}. Start that many, or set AGENTSPAN_NATS_REPLICAS to no more than there are.`;
  // Servers of a cluster may still be starting; one that is in none stays so.
  return new AgentspanError("BUS_UNAVAILABLE", text, {
    ...(passing ? { retryAfterMs: RETRY_AFTER_MS } : {}),
    cause: thrown,
  });
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
