import { AgentService, type GetAgentRequest, type GetAgentResponse } from "@agentspan/proto";
import type { UnaryHandler } from "../method.js";
import { checkGetAgent } from "../validation/agent.js";
import type { HandlerDeps } from "./deps.js";

/** Reads one version of a definition. */
export function getAgent({ orchestrators }: HandlerDeps): UnaryHandler<GetAgentRequest, GetAgentResponse> {
  return async (request, context) => {
    checkGetAgent(request);
    return orchestrators.ask(AgentService.method.getAgent, request, context);
  };
}
