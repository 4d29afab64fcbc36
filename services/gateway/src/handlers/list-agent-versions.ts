import { AgentService, type ListAgentVersionsRequest, type ListAgentVersionsResponse } from "@agentspan/proto";
import type { UnaryHandler } from "../method.js";
import { checkListAgentVersions } from "../validation/agent.js";
import type { HandlerDeps } from "./deps.js";

/** Lists the versions of one agent. */
export function listAgentVersions({
  orchestrators,
}: HandlerDeps): UnaryHandler<ListAgentVersionsRequest, ListAgentVersionsResponse> {
  return async (request, context) => {
    checkListAgentVersions(request);
    return orchestrators.ask(AgentService.method.listAgentVersions, request, context);
  };
}
