import { AgentService, type ListAgentsRequest, type ListAgentsResponse } from "@agentspan/proto";
import type { UnaryHandler } from "../method.js";
import { checkPage } from "../validation/checks.js";
import type { HandlerDeps } from "./deps.js";

/** Lists agents by name. */
export function listAgents({ orchestrators }: HandlerDeps): UnaryHandler<ListAgentsRequest, ListAgentsResponse> {
  return async (request, context) => {
    checkPage(request);
    return orchestrators.ask(AgentService.method.listAgents, request, context);
  };
}
