import { type ListRunsRequest, type ListRunsResponse, RunService } from "@agentspan/proto";
import type { UnaryHandler } from "../method.js";
import { checkListRuns } from "../validation/run.js";
import type { HandlerDeps } from "./deps.js";

/** Lists runs, newest first. */
export function listRuns({ orchestrators }: HandlerDeps): UnaryHandler<ListRunsRequest, ListRunsResponse> {
  return async (request, context) => {
    checkListRuns(request);
    return orchestrators.ask(RunService.method.listRuns, request, context);
  };
}
