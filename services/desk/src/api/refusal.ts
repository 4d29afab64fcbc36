// What the server says of a call that it refused, and what a browser says of a server that is away.
import { fromErrorDetails } from "@agentspan/internal/error-details";
import { AgentspanError } from "@agentspan/internal/errors";
import { Code, ConnectError } from "@connectrpc/connect";

/** The server's own words where there are any. */
export function refusalOf(error: unknown): AgentspanError {
  if (error instanceof AgentspanError) return error;
  const told = ConnectError.from(error);
  const details = told.details.flatMap((detail) => ("type" in detail ? [detail] : []));
  const ours = fromErrorDetails(told.rawMessage, details);
  if (ours !== undefined) return ours;
  switch (told.code) {
    case Code.Unauthenticated:
      return new AgentspanError("UNAUTHENTICATED", told.rawMessage);
    case Code.PermissionDenied:
      return new AgentspanError("PERMISSION_DENIED", told.rawMessage);
    case Code.Unavailable:
    case Code.Unknown:
    case Code.DeadlineExceeded:
    case Code.Canceled:
    case Code.Aborted:
      return new AgentspanError("BUS_UNAVAILABLE", "The server cannot be reached.", { cause: error });
    default:
      return new AgentspanError("INTERNAL", told.rawMessage, { cause: error });
  }
}

/** Whether asking again without a change may help. */
export function isPassing(error: unknown): boolean {
  return refusalOf(error).retryable;
}
