// ListDeliveries, ReplayDelivery and ReplayDeadDeliveries.
import { AgentspanError, Limits } from "@agentspan/internal";
import {
  type ListDeliveriesRequest,
  type ListDeliveriesResponse,
  ListDeliveriesResponseSchema,
  type ReplayDeadDeliveriesRequest,
  type ReplayDeadDeliveriesResponse,
  ReplayDeadDeliveriesResponseSchema,
  type ReplayDeliveryRequest,
  type ReplayDeliveryResponse,
  ReplayDeliveryResponseSchema,
  type WebhookDelivery,
  WebhookDeliverySchema,
} from "@agentspan/proto";
import { create } from "@bufbuild/protobuf";
import { type Timestamp, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { readNotice } from "../channels/notice.js";
import { deliveryStateOf, publicEventOf, publicStateOf } from "../encode/webhook-event.js";
import type { Delivery, Webhook } from "../ports.js";
import type { RequestContext } from "./context.js";
import { pageSizeOf } from "./read.js";
import { readWebhook } from "./webhooks.js";

export async function listDeliveries(
  context: RequestContext,
  request: ListDeliveriesRequest,
): Promise<ListDeliveriesResponse> {
  const { webhookId, states, pageSize, pageToken } = request;
  await readWebhook(context, webhookId);
  const page = await context.store.listDeliveries({
    webhookId,
    states: states.map(deliveryStateOf),
    limit: pageSizeOf(pageSize, Limits.defaultPageSize),
    ...(pageToken === "" ? {} : { pageToken }),
  });
  const deliveries = page.items.map(encodeDelivery);
  return create(ListDeliveriesResponseSchema, { deliveries, nextPageToken: page.nextPageToken ?? "" });
}

export async function replayDelivery(
  context: RequestContext,
  { deliveryId }: ReplayDeliveryRequest,
): Promise<ReplayDeliveryResponse> {
  const { store, clock } = context;
  const delivery = await readDelivery(context, deliveryId);
  requireSending(await readWebhook(context, delivery.webhookId));
  // One that is pending is sent anyway.
  await store.replayDelivery(deliveryId, Math.floor(clock.now()));
  context.webhooks?.due();
  return create(ReplayDeliveryResponseSchema, { delivery: encodeDelivery(await readDelivery(context, deliveryId)) });
}

export async function replayDeadDeliveries(
  context: RequestContext,
  { webhookId }: ReplayDeadDeliveriesRequest,
): Promise<ReplayDeadDeliveriesResponse> {
  const { store, clock } = context;
  requireSending(await readWebhook(context, webhookId));
  const replayed = await store.replayDead(webhookId, Math.floor(clock.now()));
  context.webhooks?.due();
  return create(ReplayDeadDeliveriesResponseSchema, { replayed });
}

async function readDelivery({ store, namespace }: RequestContext, deliveryId: string): Promise<Delivery> {
  const delivery = await store.getDelivery(deliveryId);
  if (delivery?.namespace === namespace) return delivery;
  throw new AgentspanError("DELIVERY_NOT_FOUND", `There is no delivery ${deliveryId} here.`);
}

function requireSending({ webhookId, stopped }: Webhook): void {
  if (stopped === undefined) return;
  const text = `Webhook ${webhookId} is stopped, because ${stopped.why}. Make another in its place.`;
  throw new AgentspanError("INVALID_REQUEST", text);
}

function encodeDelivery(delivery: Delivery): WebhookDelivery {
  const { deliveryId, webhookId, runId, sequence, attempts, lastStatus = 0, lastError = "" } = delivery;
  return create(WebhookDeliverySchema, {
    ...{ deliveryId, webhookId, runId, sequence: BigInt(sequence), attempts, lastStatus, lastError },
    recipient: readNotice(delivery)?.to ?? "",
    event: publicEventOf(delivery.event),
    state: publicStateOf(delivery.state),
    happenedAt: timestampFromMs(delivery.at),
    ...timeOf("nextAttemptAt", delivery.dueAt),
    ...timeOf("lastAttemptAt", delivery.lastAttemptAt),
    ...timeOf("endedAt", delivery.endedAt),
  });
}

function timeOf<K extends string>(name: K, at: number | undefined): { readonly [N in K]?: Timestamp } {
  return (at === undefined ? {} : { [name]: timestampFromMs(at) }) as { readonly [N in K]?: Timestamp };
}
