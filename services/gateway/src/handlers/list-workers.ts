import { type ListWorkersRequest, type ListWorkersResponse, WorkerService } from "@agentspan/proto";
import type { UnaryHandler } from "../method.js";
import { checkPage } from "../validation/checks.js";
import type { HandlerDeps } from "./deps.js";

/** Lists the worker processes of the caller's namespace. */
export function listWorkers({ orchestrators }: HandlerDeps): UnaryHandler<ListWorkersRequest, ListWorkersResponse> {
  return async (request, context) => {
    checkPage(request);
    return orchestrators.ask(WorkerService.method.listWorkers, request, context);
  };
}
