// How people sign in with an issuer at the desk, as AGENTSPAN_OIDC_ISSUERS has it.
import { setting } from "@agentspan/internal";
import { z } from "zod";
import type { DeskClient } from "./issuer.js";

const text = z.string().min(1, "must not be empty");

/** Read once at the start, as keys and certificates are. */
const SECRET_FILE = setting.file("clientSecretFile", {
  about: "a file with the client's secret",
  secret: true,
  problem: (secret) => {
    const line = secret.trim();
    if (line === "") return "which is empty";
    return /^[\x20-\x7e]+$/.test(line) ? undefined : "which holds other things than one line of plain characters";
  },
});

/**
 * What the desk says itself when it sends somebody to the provider, and what would say it in another way. In small letters:
 * to some providers a parameter is the same however it is written.
 */
const OWN_PARAMETERS: ReadonlySet<string> = new Set([
  ...["client_id", "client_secret", "code_challenge", "code_challenge_method", "nonce", "redirect_uri", "request"],
  ...["request_uri", "resource", "response_mode", "response_type", "scope", "state"],
]);

export const DESK = z.strictObject({
  clientId: text,
  clientSecretFile: z
    .string()
    .transform((path, context) => {
      const read = SECRET_FILE.read(path);
      if ("value" in read) return read.value.trim();
      context.addIssue({ code: "custom", message: `must be ${read.wanted}` });
      return z.NEVER;
    })
    .optional(),
  // One token of a scope: RFC 6749, 3.3.
  scopes: z
    .array(z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, "must have no blanks and no quotes"))
    .refine((scopes) => scopes.includes("openid"), "must have openid")
    .default(["openid", "profile"]),
  resource: z.url("must be a URL").optional(),
  token: z.enum(["access", "id"], "must be access or id").default("access"),
  authorizationParameters: z
    .record(z.string(), text)
    .superRefine((parameters, context) => {
      for (const name of Object.keys(parameters).filter((one) => OWN_PARAMETERS.has(one.toLowerCase()))) {
        context.addIssue({ code: "custom", path: [name], message: "is said by the desk itself: remove it" });
      }
    })
    .optional(),
});

/** What a browser may be told, and apart from it the secret, which it may not. */
export function deskClientOf({
  resource,
  authorizationParameters,
  clientSecretFile: deskSecret,
  ...same
}: z.infer<typeof DESK>): { readonly desk: DeskClient; readonly deskSecret?: string } {
  const desk = {
    ...same,
    ...(resource === undefined ? {} : { resource }),
    ...(authorizationParameters === undefined ? {} : { authorizationParameters }),
  };
  return { desk, ...(deskSecret === undefined ? {} : { deskSecret }) };
}
