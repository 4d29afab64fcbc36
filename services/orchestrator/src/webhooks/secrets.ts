// Secrets of webhooks, and the signatures that are made with them, as the Standard Webhooks specification has them.
import { createHmac, randomBytes } from "node:crypto";
import type { Webhook, WebhookSecret } from "../ports.js";

const PREFIX = "whsec_";
const SECRET_BYTES = 32;
/** How long messages are signed with the secret before too. */
export const BOTH_SECRETS_MS = 24 * 60 * 60_000;

export function newSecret(now: number): WebhookSecret {
  return { text: `${PREFIX}${randomBytes(SECRET_BYTES).toString("base64")}`, since: now };
}

/** Those that messages are signed with, the newest first. */
export function goodSecrets({ secrets }: Pick<Webhook, "secrets">, now: number): readonly WebhookSecret[] {
  return secrets.filter(({ until }) => until === undefined || until > now).toReversed();
}

/** Another one from now on, and those before for a while. */
export function rotated({ secrets }: Pick<Webhook, "secrets">, now: number): readonly WebhookSecret[] {
  const kept = goodSecrets({ secrets }, now).toReversed();
  return [...kept.map((secret) => ({ until: now + BOTH_SECRETS_MS, ...secret })), newSecret(now)];
}

/** The headers of one message, signed with each secret. `at` in milliseconds since the epoch. */
export function signedHeaders(
  id: string,
  at: number,
  body: string,
  secrets: readonly WebhookSecret[],
): Readonly<Record<string, string>> {
  const timestamp = String(Math.floor(at / 1_000));
  const signatures = secrets.map(({ text }) => {
    const key = Buffer.from(text.slice(PREFIX.length), "base64");
    return `v1,${createHmac("sha256", key).update(`${id}.${timestamp}.${body}`, "utf8").digest("base64")}`;
  });
  return { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signatures.join(" ") };
}
