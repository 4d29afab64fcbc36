import { newId } from "@agentspan/internal";
import { RunService, type SettleRequest, type SettleResponse } from "@agentspan/proto";
import type { UnaryHandler } from "../method.js";
import { checkSettle } from "../validation/run.js";
import type { HandlerDeps } from "./deps.js";

/** What became of a call whose outcome is unknown. */
export function settle({ orchestrators }: HandlerDeps): UnaryHandler<SettleRequest, SettleResponse> {
  return async (request, context) => {
    checkSettle(request);
    // One id for this human act before it is first sent: whoever is asked again gives the same answer.
    const decided = { ...request, decisionId: request.decisionId || newId("dec") };
    return orchestrators.ask(RunService.method.settle, decided, context, request.runId);
  };
}
