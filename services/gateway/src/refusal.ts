// Anything that a handler throws, as what the caller is told.
import { AgentspanError, type Logger } from "@agentspan/internal";
import { PlainStatus } from "./method.js";

/** What is not known becomes INTERNAL, opaque to the caller and told in full to the log. */
export function refusalOf(thrown: unknown, method: string, log: Logger): AgentspanError | PlainStatus {
  if (thrown instanceof PlainStatus) return thrown;
  const error = AgentspanError.from(thrown);
  if (error.reason === "INTERNAL")
    log.error({ err: error.cause ?? error, method }, "A request failed for a reason of our own");
  return error;
}

/** A request that could not be read, as a caller is told; `problem` is the parser's word for it. */
export function unreadable(problem: string): AgentspanError {
  const shown = problem.replace(/[\p{Surrogate}\p{Cc}]/gu, "\uFFFD").slice(0, 500);
  return new AgentspanError("INVALID_REQUEST", `The request cannot be read: ${shown}`);
}
