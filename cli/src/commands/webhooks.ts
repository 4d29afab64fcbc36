// agentspan webhooks create|list|delete|rotate|deliveries|replay
import { newId } from "@agentspan/internal";
import { DeliveryState, type Webhook, type WebhookDelivery, WebhookEvent, WebhookService } from "@agentspan/proto";
import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";
import { CommandError } from "../command-error.js";
import { commandName } from "../command-name.js";
import { moreWords, type UrlOption } from "../options.js";
import type { Output } from "../output.js";
import { listDeliveries, listWebhooks } from "../run-lists.js";
import { oneLine, safeText } from "../safe-text.js";
import { withServer } from "../server-connection.js";
import { dateAndTime } from "../times.js";

interface JsonOption extends UrlOption {
  readonly json?: boolean;
}

export interface WebhooksCreateFlags extends JsonOption {
  readonly event?: readonly (keyof typeof WebhookEvent)[];
  readonly agent?: string;
  readonly tool?: string;
  readonly includeArguments?: boolean;
  readonly description?: string;
}

export function webhooksCreate(url: string, flags: WebhooksCreateFlags, output: Output): Promise<void> {
  return withServer(flags, async ({ client }) => {
    const { event = [], agent: agentName = "", tool: toolName = "", includeArguments = false } = flags;
    const { webhook, secret } = await client.call(WebhookService.method.createWebhook, {
      ...{ url, agentName, toolName, includeArguments, description: flags.description ?? "" },
      events: event.map((name) => WebhookEvent[name]),
      idempotencyKey: newId("key"),
    });
    if (flags.json === true) return output.json({ ...(webhook && shownWebhook(webhook)), secret });
    const id = webhook?.webhookId ?? "";
    if (secret === "") {
      output.line(`Webhook ${id}: ${eventWords(webhook)}. What becomes of its messages:`);
    } else {
      output.line(`Webhook ${id}: ${eventWords(webhook)}. Its secret is shown this once:`);
      output.line();
      output.line(`  ${secret}`);
      output.line();
      output.line("Its receiver verifies messages with it. What becomes of them:");
    }
    output.line(`  ${commandName()} webhooks deliveries ${id}`);
  });
}

export interface WebhooksListFlags extends JsonOption {
  readonly limit: number;
}

export function webhooksList(flags: WebhooksListFlags, output: Output): Promise<void> {
  return withServer(flags, async (runtime) => {
    const { items, more } = await listWebhooks(runtime, flags.limit);
    if (flags.json === true) return output.json(items.map(shownWebhook));
    if (items.length === 0) return output.line("No webhooks: nobody is told of what happens.");
    output.table(
      [
        ["WEBHOOK", "URL", "EVENTS", "AGENT", "TOOL", "STATE", "FOR"],
        ...items.map((webhook) => [
          webhook.webhookId,
          oneLine(webhook.url, 60),
          eventWords(webhook),
          webhook.agentName || "-",
          webhook.toolName || "-",
          stateOf(webhook),
          oneLine(webhook.description, 40),
        ]),
      ],
      "",
    );
    for (const { webhookId, problem, stoppedBecause } of items) {
      if (problem !== "") output.line(`${safeText(webhookId)} is sent nothing, because ${safeText(problem)}.`);
      if (stoppedBecause !== "") output.line(`${safeText(webhookId)} is stopped, because ${safeText(stoppedBecause)}.`);
    }
    if (more) output.line(`\n${moreWords(flags.limit)}`);
  });
}

export function webhooksDelete(webhookId: string, flags: UrlOption, output: Output): Promise<void> {
  return withServer(flags, async ({ client }) => {
    await client.call(WebhookService.method.deleteWebhook, { webhookId });
    output.line(`${webhookId} is gone, with its deliveries. What is on its way just now may still arrive.`);
  });
}

export function webhooksRotate(webhookId: string, flags: JsonOption, output: Output): Promise<void> {
  return withServer(flags, async ({ client }) => {
    const { webhook, secret } = await client.call(WebhookService.method.rotateWebhookSecret, { webhookId });
    if (flags.json === true) return output.json({ ...(webhook && shownWebhook(webhook)), secret });
    output.line(`The new secret of ${webhookId}, shown this once:`);
    output.line();
    output.line(`  ${secret}`);
    output.line();
    output.line("For a day messages are signed with the one before too.");
  });
}

export interface WebhooksDeliveriesFlags extends JsonOption {
  readonly state?: readonly (keyof typeof DeliveryState)[];
  readonly limit: number;
}

export function webhooksDeliveries(webhookId: string, flags: WebhooksDeliveriesFlags, output: Output): Promise<void> {
  return withServer(flags, async (runtime) => {
    const states = (flags.state ?? []).map((name) => DeliveryState[name]);
    const { items, more } = await listDeliveries(runtime, { webhookId, states }, flags.limit);
    if (flags.json === true) return output.json(items.map(shownDelivery));
    if (items.length === 0) return output.line("No deliveries.");
    output.table(
      [
        ["DELIVERY", "HAPPENED", "EVENT", "RUN", "TO", "STATE", "ATTEMPTS", "ANSWER"],
        ...items.map((delivery) => [
          delivery.deliveryId,
          at(delivery.happenedAt),
          WebhookEvent[delivery.event] ?? "",
          delivery.runId,
          oneLine(delivery.recipient, 40) || "-",
          deliveryWords(delivery),
          String(delivery.attempts),
          oneLine(delivery.lastError || String(delivery.lastStatus || "-"), 60),
        ]),
      ],
      "",
    );
    if (more) output.line(`\n${moreWords(flags.limit)}`);
  });
}

export interface WebhooksReplayFlags extends UrlOption {
  readonly deadOf?: string;
}

export function webhooksReplay(
  deliveryId: string | undefined,
  flags: WebhooksReplayFlags,
  output: Output,
): Promise<void> {
  const { deadOf: webhookId } = flags;
  if ((deliveryId === undefined) === (webhookId === undefined)) {
    throw new CommandError("Name one delivery, or a webhook with --dead-of.", 2);
  }
  return withServer(flags, async ({ client }) => {
    if (deliveryId !== undefined) {
      await client.call(WebhookService.method.replayDelivery, { deliveryId });
      return output.line(`${deliveryId} is sent again.`);
    }
    const { replayed } = await client.call(WebhookService.method.replayDeadDeliveries, { webhookId: webhookId ?? "" });
    output.line(replayed === 1 ? "1 delivery is sent again." : `${replayed} deliveries are sent again.`);
  });
}

function eventWords(webhook: Webhook | undefined): string {
  const { events = [] } = webhook ?? {};
  return events.length === 0 ? "all events" : events.map((event) => WebhookEvent[event]).join(",");
}

function stateOf({ problem, stoppedAt }: Webhook): string {
  if (problem !== "") return "not believed";
  return stoppedAt === undefined ? "good" : `stopped ${at(stoppedAt)}`;
}

function deliveryWords({ state, nextAttemptAt }: WebhookDelivery): string {
  const name = (DeliveryState[state] ?? "").toLowerCase();
  return state === DeliveryState.PENDING ? `${name}, due ${at(nextAttemptAt)}` : name;
}

/** For programs: times as ISO 8601. */
function shownWebhook(webhook: Webhook): Readonly<Record<string, unknown>> {
  const { webhookId, url, agentName, toolName, includeArguments, description, createdBy } = webhook;
  return {
    ...{ webhookId, url, agentName, toolName, includeArguments, description, createdBy },
    events: webhook.events.map((event) => WebhookEvent[event]),
    createdAt: iso(webhook.createdAt),
    secretSince: iso(webhook.secretSince),
    stoppedAt: iso(webhook.stoppedAt),
    stoppedBecause: webhook.stoppedBecause,
    problem: webhook.problem,
  };
}

function shownDelivery(delivery: WebhookDelivery): Readonly<Record<string, unknown>> {
  const { deliveryId, webhookId, runId, sequence, attempts, lastStatus, lastError } = delivery;
  return {
    ...{ deliveryId, webhookId, runId, sequence: Number(sequence), attempts },
    event: WebhookEvent[delivery.event],
    recipient: delivery.recipient,
    state: DeliveryState[delivery.state],
    happenedAt: iso(delivery.happenedAt),
    nextAttemptAt: iso(delivery.nextAttemptAt),
    lastAttemptAt: iso(delivery.lastAttemptAt),
    endedAt: iso(delivery.endedAt),
    ...{ lastStatus, lastError },
  };
}

function iso(time: Timestamp | undefined): string | undefined {
  return time && timestampDate(time).toISOString();
}

function at(time: Timestamp | undefined): string {
  return dateAndTime(time && timestampDate(time));
}
