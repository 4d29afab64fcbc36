import { newId } from "@agentspan/internal";
import { type ApproveRequest, type ApproveResponse, RunService } from "@agentspan/proto";
import type { UnaryHandler } from "../method.js";
import { checkApprove } from "../validation/run.js";
import type { HandlerDeps } from "./deps.js";

/** A vote for a call to run. */
export function approve({ orchestrators }: HandlerDeps): UnaryHandler<ApproveRequest, ApproveResponse> {
  return async (request, context) => {
    checkApprove(request);
    // One id for this human act before it is first sent: whoever is asked again gives the same answer.
    const decided = { ...request, decisionId: request.decisionId || newId("dec") };
    return orchestrators.ask(RunService.method.approve, decided, context, request.runId);
  };
}
