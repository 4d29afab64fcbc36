import { AuditService, type ListAuditRequest, type ListAuditResponse } from "@agentspan/proto";
import type { UnaryHandler } from "../method.js";
import { checkListAudit } from "../validation/audit.js";
import type { HandlerDeps } from "./deps.js";

/** Lists entries of the audit of the caller's namespace. */
export function listAudit({ orchestrators }: HandlerDeps): UnaryHandler<ListAuditRequest, ListAuditResponse> {
  return async (request, context) => {
    checkListAudit(request);
    return orchestrators.ask(AuditService.method.listAudit, request, context);
  };
}
