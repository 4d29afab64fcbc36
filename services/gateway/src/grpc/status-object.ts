import { AgentspanError, Codes, toldMessage, toStatusBytes } from "@agentspan/internal";
import { Metadata, type StatusObject } from "@grpc/grpc-js";
import type { PlainStatus } from "../method.js";

/** A refusal in grpc-js's own form. */
export function statusObject(refusal: AgentspanError | PlainStatus): StatusObject {
  const metadata = new Metadata();
  if (refusal instanceof AgentspanError) metadata.set("grpc-status-details-bin", Buffer.from(toStatusBytes(refusal)));
  return { code: Codes[refusal.code], details: toldMessage(refusal), metadata };
}
