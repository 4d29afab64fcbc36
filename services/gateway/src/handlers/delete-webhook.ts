import { type DeleteWebhookRequest, type DeleteWebhookResponse, WebhookService } from "@agentspan/proto";
import type { UnaryHandler } from "../method.js";
import { checkDeleteWebhook } from "../validation/webhook.js";
import type { HandlerDeps } from "./deps.js";

/** Takes a webhook away, with its deliveries. */
export function deleteWebhook({
  orchestrators,
}: HandlerDeps): UnaryHandler<DeleteWebhookRequest, DeleteWebhookResponse> {
  return async (request, context) => {
    checkDeleteWebhook(request);
    return orchestrators.ask(WebhookService.method.deleteWebhook, request, context);
  };
}
