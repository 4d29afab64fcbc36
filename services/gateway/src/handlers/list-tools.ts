import { type ListToolsRequest, type ListToolsResponse, WorkerService } from "@agentspan/proto";
import type { UnaryHandler } from "../method.js";
import { checkPage } from "../validation/checks.js";
import type { HandlerDeps } from "./deps.js";

/** Lists tools with who serves them. */
export function listTools({ orchestrators }: HandlerDeps): UnaryHandler<ListToolsRequest, ListToolsResponse> {
  return async (request, context) => {
    checkPage(request);
    return orchestrators.ask(WorkerService.method.listTools, request, context);
  };
}
