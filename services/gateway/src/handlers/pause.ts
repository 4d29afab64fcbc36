import { type PauseRequest, type PauseResponse, RunService } from "@agentspan/proto";
import type { UnaryHandler } from "../method.js";
import { checkReason } from "../validation/run.js";
import type { HandlerDeps } from "./deps.js";

/** Lets a run start nothing new. */
export function pause({ orchestrators }: HandlerDeps): UnaryHandler<PauseRequest, PauseResponse> {
  return async (request, context) => {
    checkReason(request);
    return orchestrators.ask(RunService.method.pause, request, context, request.runId);
  };
}
