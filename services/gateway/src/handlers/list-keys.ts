import { KeyService, type ListKeysRequest, type ListKeysResponse } from "@agentspan/proto";
import type { UnaryHandler } from "../method.js";
import { checkListKeys } from "../validation/key.js";
import type { HandlerDeps } from "./deps.js";

/** Lists the keys of the caller's namespace. */
export function listKeys({ orchestrators }: HandlerDeps): UnaryHandler<ListKeysRequest, ListKeysResponse> {
  return async (request, context) => {
    checkListKeys(request);
    return orchestrators.ask(KeyService.method.listKeys, request, context);
  };
}
