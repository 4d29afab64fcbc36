import { GrantService, type RevokeGrantRequest, type RevokeGrantResponse } from "@agentspan/proto";
import type { UnaryHandler } from "../method.js";
import { checkRevokeGrant } from "../validation/grant.js";
import type { HandlerDeps } from "./deps.js";

/** Takes a standing grant back. */
export function revokeGrant({ orchestrators }: HandlerDeps): UnaryHandler<RevokeGrantRequest, RevokeGrantResponse> {
  return async (request, context) => {
    checkRevokeGrant(request);
    return orchestrators.ask(GrantService.method.revokeGrant, request, context);
  };
}
