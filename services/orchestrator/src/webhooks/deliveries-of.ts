// What a run owes webhooks: one delivery for each that is told of an event, with the same id whoever derives it.
import { deliveryIdOf, type Signing } from "@agentspan/internal";
import type { Run } from "../core/index.js";
import type { Delivery, Webhook } from "../ports.js";
import { sealedDelivery } from "./seals.js";
import type { Told } from "./told-events.js";

/** For each webhook that wants it, and was there when it happened. */
export function deliveriesOf(
  run: Run,
  told: Told,
  webhooks: readonly Webhook[],
  signing: Signing | undefined,
): readonly Delivery[] {
  return webhooks
    .filter((webhook) => wants(webhook, run, told) && told.at >= webhook.createdAt)
    .map((webhook) => {
      const { webhookId, includeArguments } = webhook;
      const { sequence, event, at } = told;
      const delivery: Delivery = {
        deliveryId: deliveryIdOf(webhookId, run.runId, sequence),
        ...{ webhookId, namespace: run.namespace, runId: run.runId, sequence, event, at },
        body: bodyOf(told, includeArguments),
        ...{ state: "PENDING", attempts: 0, attemptsBefore: 0, dueAt: at },
      };
      return sealedDelivery(delivery, signing);
    });
}

function wants({ events, agentName, toolName }: Webhook, run: Run, { event, tool }: Told): boolean {
  return (
    (events.length === 0 || events.includes(event)) &&
    (agentName === "" || agentName === run.agentName) &&
    (toolName === "" || toolName === tool)
  );
}

/** No arguments unless they are asked for. */
function bodyOf({ type, at, data, whole }: Told, includeArguments: boolean): string {
  const timestamp = new Date(at).toISOString();
  return JSON.stringify({ type, timestamp, data: includeArguments ? { ...data, ...whole } : data });
}
