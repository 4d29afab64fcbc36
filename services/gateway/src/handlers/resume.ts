import { type ResumeRequest, type ResumeResponse, RunService } from "@agentspan/proto";
import type { UnaryHandler } from "../method.js";
import { checkRunId } from "../validation/run.js";
import type { HandlerDeps } from "./deps.js";

/** Lets a paused run go on. */
export function resume({ orchestrators }: HandlerDeps): UnaryHandler<ResumeRequest, ResumeResponse> {
  return async (request, context) => {
    checkRunId(request);
    return orchestrators.ask(RunService.method.resume, request, context, request.runId);
  };
}
