import { AgentService, type PutAgentRequest, type PutAgentResponse } from "@agentspan/proto";
import type { UnaryHandler } from "../method.js";
import { checkPutAgent } from "../validation/agent.js";
import type { HandlerDeps } from "./deps.js";

/** Stores a definition. */
export function putAgent({ orchestrators }: HandlerDeps): UnaryHandler<PutAgentRequest, PutAgentResponse> {
  return async (request, context) => {
    checkPutAgent(request);
    return orchestrators.ask(AgentService.method.putAgent, request, context);
  };
}
