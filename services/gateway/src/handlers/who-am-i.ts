import { allowedCalls, EVERYTHING } from "@agentspan/internal";
import { CredentialKind, type WhoAmIRequest, type WhoAmIResponse, WhoAmIResponseSchema } from "@agentspan/proto";
import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { Caller } from "../context.js";
import type { UnaryHandler } from "../method.js";

const KINDS: Readonly<Record<Caller["method"], CredentialKind>> = {
  none: CredentialKind.UNSPECIFIED,
  api_key: CredentialKind.API_KEY,
  jwt: CredentialKind.TOKEN,
  // A user of Slack has the rights of a key.
  slack: CredentialKind.API_KEY,
};

/** Tells callers who they are. No orchestrator is asked: it is what the guard found. */
export function whoAmI(): UnaryHandler<WhoAmIRequest, WhoAmIResponse> {
  return async (_request, { caller, namespace, shown = {} }) => {
    const { subject, roles, groups, method, credentialId } = caller;
    const { displayName = subject, expiresAt } = shown;
    return create(WhoAmIResponseSchema, {
      subject,
      displayName,
      roles: roles.filter((role) => role !== EVERYTHING),
      groups: [...groups],
      namespace,
      credentialKind: KINDS[method],
      credentialId,
      ...(expiresAt === undefined ? {} : { expiresAt: timestampFromMs(expiresAt) }),
      allowedCalls: [...allowedCalls(roles)],
    });
  };
}
