import { type CreateGrantRequest, type CreateGrantResponse, GrantService } from "@agentspan/proto";
import type { UnaryHandler } from "../method.js";
import { checkCreateGrant } from "../validation/grant.js";
import type { HandlerDeps } from "./deps.js";

/** Makes a standing grant. */
export function createGrant({ orchestrators }: HandlerDeps): UnaryHandler<CreateGrantRequest, CreateGrantResponse> {
  return async (request, context) => {
    checkCreateGrant(request, Date.now());
    return orchestrators.ask(GrantService.method.createGrant, request, context);
  };
}
