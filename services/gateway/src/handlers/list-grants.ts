import { GrantService, type ListGrantsRequest, type ListGrantsResponse } from "@agentspan/proto";
import type { UnaryHandler } from "../method.js";
import { checkListGrants } from "../validation/grant.js";
import type { HandlerDeps } from "./deps.js";

/** Lists the standing grants of the caller's namespace. */
export function listGrants({ orchestrators }: HandlerDeps): UnaryHandler<ListGrantsRequest, ListGrantsResponse> {
  return async (request, context) => {
    checkListGrants(request);
    return orchestrators.ask(GrantService.method.listGrants, request, context);
  };
}
