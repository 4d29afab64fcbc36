import { type CancelRequest, type CancelResponse, RunService } from "@agentspan/proto";
import type { UnaryHandler } from "../method.js";
import { checkCancel } from "../validation/run.js";
import type { HandlerDeps } from "./deps.js";

/** Ends a run. */
export function cancel({ orchestrators }: HandlerDeps): UnaryHandler<CancelRequest, CancelResponse> {
  return async (request, context) => {
    checkCancel(request);
    return orchestrators.ask(RunService.method.cancel, request, context, request.runId);
  };
}
