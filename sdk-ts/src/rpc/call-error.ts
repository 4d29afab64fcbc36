// What a gRPC library reports, as one of our errors. Everything the server itself has to say carries its ErrorInfo; a
// status without one was made on the way (a refused connection, a reset stream, a proxy).
import { AgentspanError, fromErrorDetails, type PackedDetail, START_WITH } from "@agentspan/internal";
import { unreachableError } from "../unreachable-error.js";

/** A failed call as both libraries can tell it. */
export interface FailedCall {
  /** A number of google.rpc.Code. */
  readonly code: number;
  readonly message: string;
  readonly details: readonly PackedDetail[];
  readonly cause: unknown;
}

const Status = {
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  UNAVAILABLE: 14,
  UNAUTHENTICATED: 16,
} as const;

/** Never retryable where repeating the same call cannot help. */
export function callError(failed: FailedCall, address: string): AgentspanError {
  const told = fromErrorDetails(failed.message, failed.details);
  if (told !== undefined) return told;
  const details = { cause: failed.cause };
  switch (failed.code) {
    case Status.UNAVAILABLE:
      return unreachable(address, failed.message, failed.cause);
    case Status.DEADLINE_EXCEEDED:
      return new AgentspanError(
        "BUS_UNAVAILABLE",
        `The Agentspan server at ${address} did not answer in time.`,
        details,
      );
    case Status.UNAUTHENTICATED:
      return new AgentspanError("UNAUTHENTICATED", failed.message, details);
    case Status.PERMISSION_DENIED:
      return new AgentspanError("PERMISSION_DENIED", failed.message, details);
    case Status.RESOURCE_EXHAUSTED:
      return new AgentspanError("LIMIT_EXCEEDED", failed.message, details);
    case Status.INVALID_ARGUMENT:
    case Status.FAILED_PRECONDITION:
    case Status.OUT_OF_RANGE:
      return new AgentspanError("INVALID_REQUEST", failed.message, details);
    case Status.NOT_FOUND:
    case Status.UNIMPLEMENTED:
      return new AgentspanError("UNIMPLEMENTED", `${address} does not know this call: ${failed.message}`, details);
    default:
      // Reset, cancelled by the other side, no trailers: the connection broke, and whether the call was carried out is
      // not known. Repeating is safe, since every call that changes something carries its key.
      return new AgentspanError("BUS_UNAVAILABLE", broken(address, failed.message), details);
  }
}

function broken(address: string, why: string): string {
  const words = `The connection to ${address} broke: ${why}`;
  return /protocol error/i.test(why)
    ? `${words}. Is that an Agentspan server's address, and not another's, such as NATS?`
    : words;
}

/** Nothing answers there. The metadata names the address, which isUnreachable reads. */
function unreachable(address: string, why: string, cause: unknown): AgentspanError {
  const said = `Cannot reach an Agentspan server at ${address} (${why}). Is the server running? ${START_WITH}`;
  return unreachableError(said, address, cause);
}

/** Whether no server answered at all. */
export function isUnreachable(error: AgentspanError): boolean {
  return error.reason === "BUS_UNAVAILABLE" && error.metadata.address !== undefined;
}
