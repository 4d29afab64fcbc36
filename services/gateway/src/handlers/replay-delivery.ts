import { type ReplayDeliveryRequest, type ReplayDeliveryResponse, WebhookService } from "@agentspan/proto";
import type { UnaryHandler } from "../method.js";
import { checkReplayDelivery } from "../validation/webhook.js";
import type { HandlerDeps } from "./deps.js";

/** Sends one that has ended again. */
export function replayDelivery({
  orchestrators,
}: HandlerDeps): UnaryHandler<ReplayDeliveryRequest, ReplayDeliveryResponse> {
  return async (request, context) => {
    checkReplayDelivery(request);
    return orchestrators.ask(WebhookService.method.replayDelivery, request, context);
  };
}
