import { AgentspanError, Codes, toErrorDetails } from "@agentspan/internal";
import { ConnectError } from "@connectrpc/connect";
import type { PlainStatus } from "../method.js";

/** The error in connect's own form; its codes have gRPC's numbers. */
export function toConnectError(error: AgentspanError | PlainStatus): ConnectError {
  const details = error instanceof AgentspanError ? toErrorDetails(error) : [];
  return new ConnectError(error.message, Codes[error.code], undefined, [...details]);
}
