import { AgentspanError, newApiKey } from "@agentspan/internal";
import {
  type CreateKeyRequest,
  type CreateKeyResponse,
  CreateKeyResponseSchema,
  PutKeyRequestSchema,
  PutKeyResponseSchema,
} from "@agentspan/proto";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import type { UnaryHandler } from "../method.js";
import { checkCreateKey } from "../validation/key.js";
import type { HandlerDeps } from "./deps.js";

/** Makes a key here, and has its hash stored: the secret goes to the caller alone. */
export function createKey({ orchestrators, time }: HandlerDeps): UnaryHandler<CreateKeyRequest, CreateKeyResponse> {
  return async (request, context) => {
    checkCreateKey(request, time.wall());
    const { keyId, text, secretSha256 } = newApiKey();
    const put = toBinary(PutKeyRequestSchema, create(PutKeyRequestSchema, { keyId, secretSha256, request }));
    const answer = await orchestrators.exchange("KeyService/CreateKey", put, context);
    const { key } = fromBinary(PutKeyResponseSchema, answer);
    // Never a text of which it is not certain that it is stored as this key.
    if (key?.keyId !== keyId) throw AgentspanError.from(new Error(`Another key than ${keyId} was stored`));
    return create(CreateKeyResponseSchema, { key, text });
  };
}
