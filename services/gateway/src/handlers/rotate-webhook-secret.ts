import { type RotateWebhookSecretRequest, type RotateWebhookSecretResponse, WebhookService } from "@agentspan/proto";
import type { UnaryHandler } from "../method.js";
import { checkRotateWebhookSecret } from "../validation/webhook.js";
import type { HandlerDeps } from "./deps.js";

/** Gives a webhook another secret. */
export function rotateWebhookSecret({
  orchestrators,
}: HandlerDeps): UnaryHandler<RotateWebhookSecretRequest, RotateWebhookSecretResponse> {
  return async (request, context) => {
    checkRotateWebhookSecret(request);
    return orchestrators.ask(WebhookService.method.rotateWebhookSecret, request, context);
  };
}
