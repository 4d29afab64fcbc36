// Webhooks and their deliveries in memory, as WebhookDocuments and DeliveryDocuments keep them.
import { Limits } from "@agentspan/internal";
import { collectPage } from "../collect-page.js";
import { decodePageToken, encodePageToken } from "../page-token.js";
import {
  type AttemptEnd,
  CHANGEABLE_MS,
  type ChangedRun,
  type Delivery,
  type DeliveryListQuery,
  type DueDelivery,
  type Page,
  type Webhook,
  type WebhookListQuery,
  type WebhookStop,
} from "../ports.js";
import type { MemoryRun } from "./memory-database.js";
import { compareIds } from "./memory-lists.js";

export interface MemoryWebhooks {
  readonly webhooks: Map<string, Webhook>;
  readonly deliveries: Map<string, Delivery>;
  /** By share. */
  readonly cursors: Map<number, number>;
}

export function emptyWebhooks(): MemoryWebhooks {
  return { webhooks: new Map(), deliveries: new Map(), cursors: new Map() };
}

export function putWebhook({ webhooks }: MemoryWebhooks, webhook: Webhook): boolean {
  if (webhooks.has(webhook.webhookId)) return false;
  webhooks.set(webhook.webhookId, structuredClone(webhook));
  return true;
}

export function getWebhook({ webhooks }: MemoryWebhooks, webhookId: string): Webhook | undefined {
  return structuredClone(webhooks.get(webhookId));
}

/** The newest first. */
export function listWebhooks({ webhooks }: MemoryWebhooks, query: WebhookListQuery): Promise<Page<Webhook>> {
  const after = decodePageToken("webhooks", query.pageToken);
  const rows = [...webhooks.values()]
    .filter(({ namespace }) => namespace === query.namespace)
    .sort((one, other) => other.createdAt - one.createdAt || compareIds(one.webhookId, other.webhookId))
    .filter(
      ({ createdAt: at, webhookId: id }) => after === undefined || at < after.at || (at === after.at && id > after.id),
    );
  return collectPage(rows, {
    limit: query.limit,
    maxBytes: Limits.pageBytes,
    bytesOf: (webhook) => JSON.stringify(webhook).length,
    itemOf: (webhook) => structuredClone(webhook),
    tokenAfter: ({ createdAt: at, webhookId: id }) => encodePageToken("webhooks", { at, id }),
  });
}

export function allWebhooks({ webhooks }: MemoryWebhooks): readonly Webhook[] {
  return structuredClone([...webhooks.values()]);
}

export function replaceWebhook({ webhooks }: MemoryWebhooks, webhook: Webhook): boolean {
  const stored = webhooks.get(webhook.webhookId);
  if (stored?.revision !== webhook.revision - 1) return false;
  const { stopped } = stored;
  webhooks.set(webhook.webhookId, structuredClone({ ...webhook, ...(stopped && { stopped }) }));
  return true;
}

export function stopWebhook({ webhooks }: MemoryWebhooks, webhookId: string, stop: WebhookStop): void {
  const stored = webhooks.get(webhookId);
  if (stored !== undefined && stored.stopped === undefined)
    webhooks.set(webhookId, { ...stored, stopped: { ...stop } });
}

export function deleteWebhook({ webhooks, deliveries }: MemoryWebhooks, namespace: string, webhookId: string): boolean {
  if (webhooks.get(webhookId)?.namespace !== namespace) return false;
  webhooks.delete(webhookId);
  for (const delivery of deliveries.values()) {
    if (delivery.webhookId === webhookId) deliveries.delete(delivery.deliveryId);
  }
  return true;
}

export function listTellable(runs: Iterable<MemoryRun>, since: number, limit: number): readonly ChangedRun[] {
  return [...runs]
    .flatMap(({ runId, version, index: { tellAt } }) =>
      tellAt === undefined || tellAt < since ? [] : [{ runId, version, at: tellAt }],
    )
    .sort((one, other) => one.at - other.at)
    .slice(0, limit);
}

export function moveCursor({ cursors }: MemoryWebhooks, share: number, at: number): void {
  cursors.set(share, Math.max(at, cursors.get(share) ?? at));
}

export function putDeliveries({ deliveries }: MemoryWebhooks, put: readonly Delivery[]): ReadonlySet<string> {
  const taken = new Set<string>();
  for (const delivery of put) {
    if (deliveries.has(delivery.deliveryId)) taken.add(delivery.deliveryId);
    else deliveries.set(delivery.deliveryId, structuredClone(delivery));
  }
  return taken;
}

export function dueDeliveries(
  { deliveries }: MemoryWebhooks,
  by: number,
  limit: number,
  without: readonly string[],
): readonly DueDelivery[] {
  return [...deliveries.values()]
    .flatMap((one) => (one.state === "PENDING" && one.dueAt !== undefined ? [{ one, dueAt: one.dueAt }] : []))
    .filter(({ one, dueAt }) => dueAt <= by && !without.includes(one.webhookId))
    .sort((a, b) => a.dueAt - b.dueAt)
    .slice(0, limit)
    .map(({ one: { deliveryId, webhookId, attempts } }) => ({ deliveryId, webhookId, attempts }));
}

export function takeDelivery(
  { deliveries }: MemoryWebhooks,
  { deliveryId, attempts }: DueDelivery,
  now: number,
  dueAt: number,
): boolean {
  const stored = deliveries.get(deliveryId);
  if (stored?.state !== "PENDING" || stored.attempts !== attempts) return false;
  deliveries.set(deliveryId, { ...stored, attempts: attempts + 1, lastAttemptAt: now, dueAt });
  return true;
}

export function endAttempt(
  { deliveries }: MemoryWebhooks,
  deliveryId: string,
  attempts: number,
  end: AttemptEnd,
): void {
  const stored = deliveries.get(deliveryId);
  if (stored?.state !== "PENDING" || stored.attempts !== attempts) return;
  const { dueAt: _, lastStatus: _status, lastError: _error, ...kept } = stored;
  deliveries.set(deliveryId, { ...kept, ...end });
}

export function getDelivery({ deliveries }: MemoryWebhooks, deliveryId: string): Delivery | undefined {
  return structuredClone(deliveries.get(deliveryId));
}

/** The newest first. */
export function listDeliveries({ deliveries }: MemoryWebhooks, query: DeliveryListQuery): Promise<Page<Delivery>> {
  const { webhookId, states } = query;
  const after = decodePageToken("deliveries", query.pageToken);
  const rows = [...deliveries.values()]
    .filter((one) => one.webhookId === webhookId && (states.length === 0 || states.includes(one.state)))
    .sort((one, other) => other.at - one.at || compareIds(one.deliveryId, other.deliveryId))
    .filter(({ at, deliveryId: id }) => after === undefined || at < after.at || (at === after.at && id > after.id));
  return collectPage(rows, {
    limit: query.limit,
    maxBytes: Limits.pageBytes,
    bytesOf: ({ body }) => Buffer.byteLength(body),
    itemOf: (delivery) => structuredClone(delivery),
    tokenAfter: ({ at, deliveryId: id }) => encodePageToken("deliveries", { at, id }),
  });
}

export function replayDelivery({ deliveries }: MemoryWebhooks, deliveryId: string, now: number): boolean {
  const stored = deliveries.get(deliveryId);
  if (stored === undefined || stored.state === "PENDING") return false;
  const { endedAt: _, ...kept } = stored;
  deliveries.set(deliveryId, { ...kept, state: "PENDING", attemptsBefore: stored.attempts, dueAt: now });
  return true;
}

export function replayDead(all: MemoryWebhooks, webhookId: string, now: number): number {
  const dead = [...all.deliveries.values()].filter((one) => one.webhookId === webhookId && one.state === "DEAD");
  return dead.filter(({ deliveryId }) => replayDelivery(all, deliveryId, now)).length;
}

export function forgetDeliveries({ deliveries }: MemoryWebhooks, before: number): void {
  for (const { deliveryId, endedAt, receipt } of deliveries.values()) {
    const by = receipt === undefined ? before : before - CHANGEABLE_MS;
    if (endedAt !== undefined && endedAt < by) deliveries.delete(deliveryId);
  }
}
