// WebhookService's requests. Whether an address may be sent to is asked of the orchestrator, which sends.
import {
  type CreateWebhookRequest,
  type DeleteWebhookRequest,
  DeliveryState,
  type ListDeliveriesRequest,
  type ListWebhooksRequest,
  type ReplayDeadDeliveriesRequest,
  type ReplayDeliveryRequest,
  type RotateWebhookSecretRequest,
  WebhookEvent,
} from "@agentspan/proto";
import { checkEnum, checkId, checkOptionalName, checkPageSize, checkPageToken, checkSize } from "./checks.js";
import { Faults } from "./faults.js";

const MOST_DESCRIPTION_BYTES = 256;

export function checkCreateWebhook(request: CreateWebhookRequest): void {
  const { url, events, agentName, toolName, description, idempotencyKey } = request;
  const faults = new Faults();
  checkSize(faults, "url", url, "webhookUrlBytes");
  if (url === "") faults.add("url", "is required");
  else if (!URL.canParse(url) || !/^(https?|mailto|slack):$/.test(new URL(url).protocol)) {
    faults.add("url", "must be an https, mailto or slack URL");
  }
  for (const [at, event] of events.entries()) checkEnum(faults, `events[${at}]`, event, WebhookEvent);
  checkOptionalName(faults, "agentName", agentName);
  checkOptionalName(faults, "toolName", toolName);
  if (Buffer.byteLength(description) > MOST_DESCRIPTION_BYTES) {
    faults.add("description", `must have at most ${MOST_DESCRIPTION_BYTES} bytes`);
  }
  checkSize(faults, "idempotencyKey", idempotencyKey, "idempotencyKeyBytes");
  faults.throwIfAny();
}

export function checkListWebhooks({ pageSize, pageToken }: ListWebhooksRequest): void {
  const faults = new Faults();
  checkPageSize(faults, "pageSize", pageSize);
  checkPageToken(faults, "pageToken", pageToken);
  faults.throwIfAny();
}

export function checkDeleteWebhook({ webhookId }: DeleteWebhookRequest): void {
  requireId("webhookId", webhookId);
}

export function checkRotateWebhookSecret({ webhookId }: RotateWebhookSecretRequest): void {
  requireId("webhookId", webhookId);
}

export function checkListDeliveries({ webhookId, states, pageSize, pageToken }: ListDeliveriesRequest): void {
  const faults = new Faults();
  checkId(faults, "webhookId", webhookId);
  for (const [at, state] of states.entries()) checkEnum(faults, `states[${at}]`, state, DeliveryState);
  checkPageSize(faults, "pageSize", pageSize);
  checkPageToken(faults, "pageToken", pageToken);
  faults.throwIfAny();
}

export function checkReplayDelivery({ deliveryId }: ReplayDeliveryRequest): void {
  requireId("deliveryId", deliveryId);
}

export function checkReplayDeadDeliveries({ webhookId }: ReplayDeadDeliveriesRequest): void {
  requireId("webhookId", webhookId);
}

function requireId(field: string, id: string): void {
  const faults = new Faults();
  checkId(faults, field, id);
  faults.throwIfAny();
}
