import { type GetGrantRequest, type GetGrantResponse, GrantService } from "@agentspan/proto";
import type { UnaryHandler } from "../method.js";
import { checkGetGrant } from "../validation/grant.js";
import type { HandlerDeps } from "./deps.js";

/** Reads one standing grant. */
export function getGrant({ orchestrators }: HandlerDeps): UnaryHandler<GetGrantRequest, GetGrantResponse> {
  return (request, context) => {
    checkGetGrant(request);
    return orchestrators.ask(GrantService.method.getGrant, request, context);
  };
}
