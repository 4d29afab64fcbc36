import { newId } from "@agentspan/internal";
import { type CreateWebhookRequest, type CreateWebhookResponse, WebhookService } from "@agentspan/proto";
import type { UnaryHandler } from "../method.js";
import { checkCreateWebhook } from "../validation/webhook.js";
import type { HandlerDeps } from "./deps.js";

/** Makes a webhook. */
export function createWebhook({
  orchestrators,
}: HandlerDeps): UnaryHandler<CreateWebhookRequest, CreateWebhookResponse> {
  return async (request, context) => {
    checkCreateWebhook(request);
    // One key before it is first sent: whoever is asked again makes no other webhook.
    const keyed = { ...request, idempotencyKey: request.idempotencyKey || newId("key") };
    return orchestrators.ask(WebhookService.method.createWebhook, keyed, context);
  };
}
