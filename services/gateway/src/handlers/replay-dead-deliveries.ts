import { type ReplayDeadDeliveriesRequest, type ReplayDeadDeliveriesResponse, WebhookService } from "@agentspan/proto";
import type { UnaryHandler } from "../method.js";
import { checkReplayDeadDeliveries } from "../validation/webhook.js";
import type { HandlerDeps } from "./deps.js";

/** Sends all of a webhook's that are dead again. */
export function replayDeadDeliveries({
  orchestrators,
}: HandlerDeps): UnaryHandler<ReplayDeadDeliveriesRequest, ReplayDeadDeliveriesResponse> {
  return async (request, context) => {
    checkReplayDeadDeliveries(request);
    return orchestrators.ask(WebhookService.method.replayDeadDeliveries, request, context);
  };
}
