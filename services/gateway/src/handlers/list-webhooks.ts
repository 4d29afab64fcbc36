import { type ListWebhooksRequest, type ListWebhooksResponse, WebhookService } from "@agentspan/proto";
import type { UnaryHandler } from "../method.js";
import { checkListWebhooks } from "../validation/webhook.js";
import type { HandlerDeps } from "./deps.js";

/** Lists the webhooks of the caller's namespace. */
export function listWebhooks({ orchestrators }: HandlerDeps): UnaryHandler<ListWebhooksRequest, ListWebhooksResponse> {
  return async (request, context) => {
    checkListWebhooks(request);
    return orchestrators.ask(WebhookService.method.listWebhooks, request, context);
  };
}
