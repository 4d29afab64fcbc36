import { ApprovalService, type ListApprovalsRequest, type ListApprovalsResponse } from "@agentspan/proto";
import type { UnaryHandler } from "../method.js";
import { checkListApprovals } from "../validation/approval.js";
import type { HandlerDeps } from "./deps.js";

/** Lists open checkpoints across runs. */
export function listApprovals({
  orchestrators,
}: HandlerDeps): UnaryHandler<ListApprovalsRequest, ListApprovalsResponse> {
  return async (request, context) => {
    checkListApprovals(request);
    return orchestrators.ask(ApprovalService.method.listApprovals, request, context);
  };
}
