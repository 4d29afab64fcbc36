import { newId } from "@agentspan/internal";
import { type CreateGrantRequest, type CreateGrantResponse, GrantService } from "@agentspan/proto";
import type { UnaryHandler } from "../method.js";
import { checkCreateGrant } from "../validation/grant.js";
import type { HandlerDeps } from "./deps.js";

/** Makes a standing grant. */
export function createGrant({
  orchestrators,
  time,
}: HandlerDeps): UnaryHandler<CreateGrantRequest, CreateGrantResponse> {
  return async (request, context) => {
    checkCreateGrant(request, time.wall());
    // One key before it is first sent: whoever is asked again makes no other grant.
    const keyed = { ...request, idempotencyKey: request.idempotencyKey || newId("key") };
    return orchestrators.ask(GrantService.method.createGrant, keyed, context);
  };
}
