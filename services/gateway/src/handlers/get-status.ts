import { type GetStatusRequest, type GetStatusResponse, RunService } from "@agentspan/proto";
import type { UnaryHandler } from "../method.js";
import { checkRunId } from "../validation/run.js";
import type { HandlerDeps } from "./deps.js";

/** Reads where a run stands. */
export function getStatus({ orchestrators }: HandlerDeps): UnaryHandler<GetStatusRequest, GetStatusResponse> {
  return async (request, context) => {
    checkRunId(request);
    return orchestrators.ask(RunService.method.getStatus, request, context, request.runId);
  };
}
