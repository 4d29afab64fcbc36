import { KeyService, type RevokeKeyRequest, type RevokeKeyResponse } from "@agentspan/proto";
import type { UnaryHandler } from "../method.js";
import { checkRevokeKey } from "../validation/key.js";
import type { HandlerDeps } from "./deps.js";

/** Makes a key useless for good. */
export function revokeKey({ orchestrators }: HandlerDeps): UnaryHandler<RevokeKeyRequest, RevokeKeyResponse> {
  return async (request, context) => {
    checkRevokeKey(request);
    return orchestrators.ask(KeyService.method.revokeKey, request, context);
  };
}
