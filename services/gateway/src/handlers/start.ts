import { newId, runIdOf } from "@agentspan/internal";
import { RunService, type StartRequest, type StartResponse } from "@agentspan/proto";
import type { UnaryHandler } from "../method.js";
import { checkStart } from "../validation/run.js";
import type { HandlerDeps } from "./deps.js";

/** Starts a run, or finds the one that the key has started. */
export function start({ orchestrators }: HandlerDeps): UnaryHandler<StartRequest, StartResponse> {
  return async (request, context) => {
    checkStart(request);
    // A key before it is first sent: whoever is asked again finds the same run.
    const idempotencyKey = request.idempotencyKey || newId("key");
    const runId = runIdOf(context.namespace, idempotencyKey);
    return orchestrators.ask(RunService.method.start, { ...request, idempotencyKey }, context, runId);
  };
}
