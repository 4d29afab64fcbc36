import { AgentspanError } from "@agentspan/internal";

/**
 * Nothing answers at an address. A program that does not catch it shows a person the sentence, and not where in a
 * library a socket was refused: of the cause only the words are kept, and no stack.
 */
export function unreachableError(message: string, address: string, cause: unknown): AgentspanError {
  const error = new AgentspanError("BUS_UNAVAILABLE", message, { cause: String(cause), metadata: { address } });
  error.stack = `${error.name}: ${message}`;
  for (const field of ["metadata", "fields", "retryAfterMs"])
    Object.defineProperty(error, field, { enumerable: false });
  return error;
}
