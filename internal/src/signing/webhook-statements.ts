// What orchestrators sign of webhooks, so that a row that somebody wrote into the database is sent nothing, and is no message.
import { signedText } from "./statements.js";

/** A webhook as it was made, or as its secret was changed last. */
export interface WebhookStatement {
  readonly webhookId: string;
  readonly namespace: string;
  readonly url: string;
  readonly events: readonly string[];
  readonly agentName: string;
  readonly toolName: string;
  readonly includeArguments: boolean;
  readonly description: string;
  readonly createdAt: number;
  readonly createdBy: string;
  readonly requestDigest: string;
  /** SHA-256 of each, in hexadecimal, with its end; 0 for none. */
  readonly secrets: readonly { readonly sha256: string; readonly since: number; readonly until: number }[];
  /** When this was signed. */
  readonly at: number;
}

/** What a webhook is to be told. */
export interface DeliveryStatement {
  readonly deliveryId: string;
  readonly webhookId: string;
  readonly namespace: string;
  readonly run: string;
  readonly sequence: number;
  readonly bodySha256: string;
  readonly at: number;
}

export function webhookText(statement: WebhookStatement): string {
  return signedText("agentspan.webhook.v1", statement);
}

export function deliveryText(statement: DeliveryStatement): string {
  return signedText("agentspan.webhook-delivery.v1", statement);
}
