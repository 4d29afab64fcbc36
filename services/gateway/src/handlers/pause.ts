import { newId } from "@agentspan/internal";
import { type PauseRequest, type PauseResponse, RunService } from "@agentspan/proto";
import type { UnaryHandler } from "../method.js";
import { checkPause } from "../validation/run.js";
import type { HandlerDeps } from "./deps.js";

/** Lets a run start nothing new. */
export function pause({ orchestrators }: HandlerDeps): UnaryHandler<PauseRequest, PauseResponse> {
  return async (request, context) => {
    checkPause(request);
    const asked = { ...request, requestId: request.requestId || newId("req") };
    return orchestrators.ask(RunService.method.pause, asked, context, request.runId);
  };
}
