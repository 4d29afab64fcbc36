import { createHash } from "node:crypto";
import { AgentspanError, activeSpan, canonicalJson, runIdOf } from "@agentspan/internal";
import { type StartRequest, StartRequestSchema, type StartResponse, StartResponseSchema } from "@agentspan/proto";
import { create, toJson } from "@bufbuild/protobuf";
import { durationMs } from "@bufbuild/protobuf/wkt";
import type { Agent } from "../core/index.js";
import type { RequestContext } from "./context.js";

/** Stores the run and answers; the model is called afterwards. A start that is refused leaves nothing behind. */
export async function start(context: RequestContext, request: StartRequest): Promise<StartResponse> {
  const { engine, namespace, caller } = context;
  const runId = runIdOf(namespace, request.idempotencyKey);
  const agent = await agentOf(context, request, runId);
  const { onBehalfOf, deadline } = request;
  activeSpan()?.setAttributes({
    "gen_ai.operation.name": "invoke_agent",
    "gen_ai.conversation.id": runId,
    "agentspan.run.id": runId,
    ...(agent && { "gen_ai.agent.name": agent.name }),
  });
  const { answer } = await engine.execute(
    runId,
    {
      type: "start",
      runId,
      namespace,
      input: request.input,
      startedBy: caller.subject,
      ...(onBehalfOf === "" ? {} : { onBehalfOf }),
      labels: request.labels,
      ...(deadline === undefined ? {} : { deadlineMs: durationMs(deadline) }),
      requestHash: requestHashOf(request),
    },
    { agent },
  );
  return create(StartResponseSchema, { runId, created: answer.type === "started" && answer.created });
}

/** Undefined where the run is there already: then its own definition counts, and this one need not be stored. */
async function agentOf(context: RequestContext, request: StartRequest, runId: string): Promise<Agent | undefined> {
  const { agents, engine, namespace } = context;
  switch (request.source.case) {
    case "agent": {
      const definition = request.source.value;
      requireUsable(context, definition.model);
      return agents.ensure(namespace, definition, async () => (await engine.peek(runId)) === undefined);
    }
    case "agentName": {
      const version = request.agentVersion === "" ? undefined : request.agentVersion;
      const { agent } = await agents.get(namespace, request.source.value, version);
      requireUsable(context, agent.model);
      return agent;
    }
    default:
      throw new AgentspanError("INVALID_REQUEST", "A start names an agent or brings its definition.");
  }
}

function requireUsable({ models }: RequestContext, model: string): void {
  const unusable = models.unusable(model);
  if (unusable === undefined) return;
  const fields = [{ field: "agent.model", description: unusable }];
  throw new AgentspanError("INVALID_REQUEST", `Model ${model} cannot be used: ${unusable}`, { fields });
}

/** Of the normalised message as sent, not of what it resolves to: the newest version may change between two sends. */
function requestHashOf(request: StartRequest): string {
  const keyless = { ...request, idempotencyKey: "" };
  const canonical = canonicalJson(JSON.stringify(toJson(StartRequestSchema, keyless)));
  if (!canonical.ok)
    throw new AgentspanError("INVALID_REQUEST", `The request has no canonical form: ${canonical.problem}`);
  return createHash("sha256").update(canonical.text).digest("hex");
}
