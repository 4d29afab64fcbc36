import { newId } from "@agentspan/internal";
import { type ResumeRequest, type ResumeResponse, RunService } from "@agentspan/proto";
import type { UnaryHandler } from "../method.js";
import { checkResume } from "../validation/run.js";
import type { HandlerDeps } from "./deps.js";

/** Lets a paused run go on. */
export function resume({ orchestrators }: HandlerDeps): UnaryHandler<ResumeRequest, ResumeResponse> {
  return async (request, context) => {
    checkResume(request);
    const asked = { ...request, requestId: request.requestId || newId("req") };
    return orchestrators.ask(RunService.method.resume, asked, context, request.runId);
  };
}
