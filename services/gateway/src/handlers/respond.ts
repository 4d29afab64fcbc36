import { newId } from "@agentspan/internal";
import { type RespondRequest, type RespondResponse, RunService } from "@agentspan/proto";
import type { UnaryHandler } from "../method.js";
import { checkRespond } from "../validation/run.js";
import type { HandlerDeps } from "./deps.js";

/** An answer to a question, or in place of a tool. */
export function respond({ orchestrators }: HandlerDeps): UnaryHandler<RespondRequest, RespondResponse> {
  return async (request, context) => {
    checkRespond(request);
    // One id for this human act before it is first sent: whoever is asked again gives the same answer.
    const decided = { ...request, decisionId: request.decisionId || newId("dec") };
    return orchestrators.ask(RunService.method.respond, decided, context, request.runId);
  };
}
