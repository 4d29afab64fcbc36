import { newId } from "@agentspan/internal";
import { ApprovalService, type CreateDecisionLinkRequest, type CreateDecisionLinkResponse } from "@agentspan/proto";
import type { UnaryHandler } from "../method.js";
import { checkCreateDecisionLink } from "../validation/approval.js";
import type { HandlerDeps } from "./deps.js";

/** Makes a link by which one person decides one approval. */
export function createDecisionLink({
  orchestrators,
  time,
}: HandlerDeps): UnaryHandler<CreateDecisionLinkRequest, CreateDecisionLinkResponse> {
  return async (request, context) => {
    checkCreateDecisionLink(request, time.wall());
    // One key before it is first sent: whoever is asked again makes no other link.
    const keyed = { ...request, idempotencyKey: request.idempotencyKey || newId("key") };
    return orchestrators.ask(ApprovalService.method.createDecisionLink, keyed, context, request.runId);
  };
}
