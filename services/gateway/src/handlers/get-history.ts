import { type GetHistoryRequest, type GetHistoryResponse, RunService } from "@agentspan/proto";
import type { UnaryHandler } from "../method.js";
import { checkGetHistory } from "../validation/run.js";
import type { HandlerDeps } from "./deps.js";

/** Reads a page of stored events. */
export function getHistory({ orchestrators }: HandlerDeps): UnaryHandler<GetHistoryRequest, GetHistoryResponse> {
  return async (request, context) => {
    checkGetHistory(request);
    return orchestrators.ask(RunService.method.getHistory, request, context, request.runId);
  };
}
