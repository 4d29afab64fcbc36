import { AgentspanError, Codes, toErrorDetails, toldMessage } from "@agentspan/internal";
import { ConnectError } from "@connectrpc/connect";
import type { PlainStatus } from "../method.js";

/** The error in connect's own form; its codes have gRPC's numbers. */
export function toConnectError(error: AgentspanError | PlainStatus): ConnectError {
  const details = error instanceof AgentspanError ? toErrorDetails(error) : [];
  const metadata = error.code === "UNAUTHENTICATED" ? { "www-authenticate": 'Bearer realm="agentspan"' } : undefined;
  return new ConnectError(toldMessage(error), Codes[error.code], metadata, [...details]);
}
