// What orchestrators sign of webhooks and of what they are told: a row that somebody wrote into the database or changed there
// is sent nothing, and is no message.
import { createHash } from "node:crypto";
import { deliveryText, type Signing, webhookText } from "@agentspan/internal";
import type { Delivery, KeySeal, Webhook } from "../ports.js";

export function sealedWebhook(webhook: Webhook, signing: Signing | undefined): Webhook {
  return signing === undefined ? webhook : { ...webhook, seal: sealOf(textOfWebhook(webhook), signing) };
}

/** Why it is not believed, in words; undefined where it is, or nobody signs. */
export function webhookProblem(webhook: Webhook, signing: Signing | undefined): string | undefined {
  return problemOf(webhook, textOfWebhook(webhook), webhook.changedAt, signing);
}

export function sealedDelivery(delivery: Delivery, signing: Signing | undefined): Delivery {
  return signing === undefined ? delivery : { ...delivery, seal: sealOf(textOfDelivery(delivery), signing) };
}

export function deliveryProblem(delivery: Delivery, signing: Signing | undefined): string | undefined {
  return problemOf(delivery, textOfDelivery(delivery), delivery.at, signing);
}

function sealOf(text: string, { key }: Signing): KeySeal {
  return { signingKeyId: key.id, signature: Buffer.from(key.sign(text)).toString("base64url") };
}

function problemOf(
  { seal }: { readonly seal?: KeySeal },
  text: string,
  at: number,
  signing: Signing | undefined,
): string | undefined {
  const { signingKeyId: keyId = "", signature = "" } = seal ?? {};
  return signing?.trusted.problem("orchestrators", { text, keyId, signature: Buffer.from(signature, "base64url"), at });
}

function textOfWebhook(webhook: Webhook): string {
  const { webhookId, namespace, url, events, agentName, toolName, includeArguments, description } = webhook;
  const { createdAt, createdBy, requestDigest, secrets, changedAt: at } = webhook;
  return webhookText({
    ...{ webhookId, namespace, url, events, agentName, toolName, includeArguments, description },
    ...{ createdAt, createdBy, requestDigest, at },
    secrets: secrets.map(({ text, since, until = 0 }) => ({ sha256: sha256(text), since, until })),
  });
}

function textOfDelivery({ deliveryId, webhookId, namespace, runId: run, sequence, body, at }: Delivery): string {
  return deliveryText({ deliveryId, webhookId, namespace, run, sequence, bodySha256: sha256(body), at });
}

function sha256(text: string): string {
  return createHash("sha256").update(text, "utf8").digest("hex");
}
