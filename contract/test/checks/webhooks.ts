// Webhooks. Nothing is sent: the end of .invalid is nobody's.
import type { Scenario } from "./check.js";

const WEBHOOK = {
  url: "https://hooks.invalid/in",
  events: ["WEBHOOK_EVENT_WAITING", "WEBHOOK_EVENT_ENDED"],
  agentName: "<me>",
  toolName: "refund",
  includeArguments: true,
  description: "<me>",
  idempotencyKey: "<me> webhooks",
};

export const webhooks: Scenario = {
  name: "webhooks",
  checks: [
    {
      name: "a webhook is made",
      call: "WebhookService/CreateWebhook",
      request: WEBHOOK,
      save: { webhook: "webhook.webhookId", secret: "secret" },
    },
    { name: "the same key makes no other", call: "WebhookService/CreateWebhook", request: WEBHOOK },
    {
      name: "the same key for another",
      call: "WebhookService/CreateWebhook",
      request: { ...WEBHOOK, includeArguments: false },
      refused: "IDEMPOTENCY_KEY_REUSED",
    },
    { name: "webhooks are listed", call: "WebhookService/ListWebhooks", request: { pageSize: 1000 }, mine: "webhooks" },
    {
      name: "its secret is changed",
      call: "WebhookService/RotateWebhookSecret",
      request: { webhookId: "<webhook>" },
      save: { newSecret: "secret" },
    },
    {
      name: "it was sent nothing",
      call: "WebhookService/ListDeliveries",
      request: { webhookId: "<webhook>", states: ["DELIVERY_STATE_DEAD"] },
    },
    {
      name: "nothing of it is dead",
      call: "WebhookService/ReplayDeadDeliveries",
      request: { webhookId: "<webhook>" },
    },
    { name: "it is taken away", call: "WebhookService/DeleteWebhook", request: { webhookId: "<webhook>" } },
    {
      name: "one that is not there",
      call: "WebhookService/DeleteWebhook",
      request: { webhookId: "<webhook>" },
      refused: "WEBHOOK_NOT_FOUND",
    },
    {
      name: "a delivery that is not there",
      call: "WebhookService/ReplayDelivery",
      request: { deliveryId: "msg_nobody" },
      refused: "DELIVERY_NOT_FOUND",
    },
    {
      name: "one to this machine",
      call: "WebhookService/CreateWebhook",
      request: { url: "https://127.0.0.1/" },
      refused: "INVALID_REQUEST",
    },
    { name: "one to nowhere", call: "WebhookService/CreateWebhook", request: {}, refused: "INVALID_REQUEST" },
  ],
};
