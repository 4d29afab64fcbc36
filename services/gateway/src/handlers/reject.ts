import { newId } from "@agentspan/internal";
import { type RejectRequest, type RejectResponse, RunService } from "@agentspan/proto";
import type { UnaryHandler } from "../method.js";
import { checkReject } from "../validation/run.js";
import type { HandlerDeps } from "./deps.js";

/** A vote against a call. */
export function reject({ orchestrators }: HandlerDeps): UnaryHandler<RejectRequest, RejectResponse> {
  return async (request, context) => {
    checkReject(request);
    // One id for this human act before it is first sent: whoever is asked again gives the same answer.
    const decided = { ...request, decisionId: request.decisionId || newId("dec") };
    return orchestrators.ask(RunService.method.reject, decided, context, request.runId);
  };
}
