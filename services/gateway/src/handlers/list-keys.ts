import { KeyService, type ListKeysRequest, type ListKeysResponse } from "@agentspan/proto";
import type { UnaryHandler } from "../method.js";
import { checkPage } from "../validation/checks.js";
import type { HandlerDeps } from "./deps.js";

/** Lists the keys of the caller's namespace. */
export function listKeys({ orchestrators }: HandlerDeps): UnaryHandler<ListKeysRequest, ListKeysResponse> {
  return async (request, context) => {
    checkPage(request);
    return orchestrators.ask(KeyService.method.listKeys, request, context);
  };
}
