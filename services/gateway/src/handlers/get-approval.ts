import { ApprovalService, type GetApprovalRequest, type GetApprovalResponse } from "@agentspan/proto";
import type { UnaryHandler } from "../method.js";
import { checkGetApproval } from "../validation/approval.js";
import type { HandlerDeps } from "./deps.js";

/** Reads one checkpoint. */
export function getApproval({ orchestrators }: HandlerDeps): UnaryHandler<GetApprovalRequest, GetApprovalResponse> {
  return async (request, context) => {
    checkGetApproval(request);
    return orchestrators.ask(ApprovalService.method.getApproval, request, context, request.runId);
  };
}
