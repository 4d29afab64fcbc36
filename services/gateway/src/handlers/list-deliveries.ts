import { type ListDeliveriesRequest, type ListDeliveriesResponse, WebhookService } from "@agentspan/proto";
import type { UnaryHandler } from "../method.js";
import { checkListDeliveries } from "../validation/webhook.js";
import type { HandlerDeps } from "./deps.js";

/** Lists what a webhook was sent or is to be sent. */
export function listDeliveries({
  orchestrators,
}: HandlerDeps): UnaryHandler<ListDeliveriesRequest, ListDeliveriesResponse> {
  return async (request, context) => {
    checkListDeliveries(request);
    return orchestrators.ask(WebhookService.method.listDeliveries, request, context);
  };
}
