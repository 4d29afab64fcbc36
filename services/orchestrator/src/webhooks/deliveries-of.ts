// What a run owes webhooks: one delivery for each that is told of an event, with the same id whoever derives it.
import { deliveryIdOf, type Signing } from "@agentspan/internal";
import { readMailto, slackChannelOf, tellsPeople } from "../channels/addresses.js";
import { canReceiveMail } from "../channels/email/address.js";
import { approversIn, asks, type NoticeEnvelope, noticeText } from "../channels/notice.js";
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
    .flatMap((webhook) =>
      recipientsOf(webhook, told).map((to) => sealedDelivery(deliveryOf(run, told, webhook, to), signing)),
    );
}

function deliveryOf(run: Run, told: Told, webhook: Webhook, to: string | undefined): Delivery {
  const { webhookId, url } = webhook;
  const { sequence, event, at } = told;
  const message = messageOf(told, webhook);
  return {
    deliveryId: deliveryIdOf(webhookId, run.runId, sequence, to),
    ...{ webhookId, namespace: run.namespace, runId: run.runId, sequence, event, at },
    body: tellsPeople(url) ? noticeText(message, envelopeOf(run, told, webhook, to)) : JSON.stringify(message),
    ...{ state: "PENDING", attempts: 0, attemptsBefore: 0, dueAt: at },
  };
}

function wants({ url, events, agentName, toolName }: Webhook, run: Run, { event, tool }: Told): boolean {
  return (
    (events.length === 0 || events.includes(event) || changesWhatAsked(url, events, event)) &&
    (agentName === "" || agentName === run.agentName) &&
    (toolName === "" || toolName === tool)
  );
}

/** A message of Slack that asked is changed once that is over, whether or not anybody wants to be told of it. */
function changesWhatAsked(url: string, events: Webhook["events"], event: Told["event"]): boolean {
  const isAsked = events.includes("WAITING") || events.includes("OUTCOME_UNKNOWN");
  return isAsked && slackChannelOf(url) !== undefined && ["DECIDED", "EXPIRED", "CLOSED"].includes(event);
}

/**
 * Everybody in one place is told at once, and mail goes to each by itself: one may get it where another does not. That
 * people are asked and nobody gets mail of it is a delivery to nobody, which fails and is listed.
 */
function recipientsOf({ url }: Webhook, told: Told): readonly (string | undefined)[] {
  if (!/^mailto:/i.test(url)) return [undefined];
  const read = readMailto(url);
  if ("fault" in read) return [];
  const approvers = read.approvers ? approversIn(told).filter(canReceiveMail) : [];
  const recipients = [...new Set([...read.addresses, ...approvers])];
  return recipients.length === 0 && asks(told) ? [undefined] : recipients;
}

/** No arguments unless they are asked for. */
function messageOf({ type, at, data, whole }: Told, { includeArguments }: Webhook) {
  return { type, timestamp: new Date(at).toISOString(), data: includeArguments ? { ...data, ...whole } : data };
}

function envelopeOf(run: Run, { checkpoint }: Told, { webhookId }: Webhook, to: string | undefined): NoticeEnvelope {
  const mine = to === undefined ? {} : { to };
  if (checkpoint === undefined) return mine;
  const { askedBy, previews } = checkpoint;
  return { ...mine, opening: deliveryIdOf(webhookId, run.runId, askedBy, to), ...(previews ? { previews } : {}) };
}
