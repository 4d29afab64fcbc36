import { AgentspanError } from "@agentspan/internal";
import { type NoteRefusalRequest, type NoteRefusalResponse, NoteRefusalResponseSchema } from "@agentspan/proto";
import { create } from "@bufbuild/protobuf";
import type { RequestContext } from "./context.js";
import { noteRefusal } from "./refused.js";

/** Writes into the audit that a gateway let its caller not decide. */
export async function noteGatewaysRefusal(
  context: RequestContext,
  { method, body, message }: NoteRefusalRequest,
): Promise<NoteRefusalResponse> {
  await noteRefusal(context, method, body, new AgentspanError("PERMISSION_DENIED", message));
  return create(NoteRefusalResponseSchema, {});
}
