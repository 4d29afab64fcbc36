import { createHash } from "node:crypto";
import { AgentspanError, canonicalJson, runIdOf } from "@agentspan/internal";
import { type StartRequest, StartRequestSchema, type StartResponse, StartResponseSchema } from "@agentspan/proto";
import { create, toJson } from "@bufbuild/protobuf";
import { durationMs } from "@bufbuild/protobuf/wkt";
import type { Agent } from "../core/index.js";
import type { RequestContext } from "./context.js";

/** Stores the run and answers; the model is called afterwards. */
export async function start(context: RequestContext, request: StartRequest): Promise<StartResponse> {
  const { engine, models, namespace, who } = context;
  const agent = await agentOf(context, request);
  const unusable = models.unusable(agent.model);
  if (unusable !== undefined) {
    const fields = [{ field: "agent.model", description: unusable }];
    throw new AgentspanError("INVALID_REQUEST", `Model ${agent.model} cannot be used: ${unusable}`, { fields });
  }
  const runId = runIdOf(namespace, request.idempotencyKey);
  const { onBehalfOf, deadline } = request;
  const { answer } = await engine.execute(
    runId,
    {
      type: "start",
      runId,
      namespace,
      input: request.input,
      startedBy: who,
      ...(onBehalfOf === "" ? {} : { onBehalfOf }),
      labels: request.labels,
      ...(deadline === undefined ? {} : { deadlineMs: durationMs(deadline) }),
      requestHash: requestHashOf(request),
    },
    agent,
  );
  return create(StartResponseSchema, { runId, created: answer.type === "started" && answer.created });
}

async function agentOf({ agents, namespace }: RequestContext, request: StartRequest): Promise<Agent> {
  switch (request.source.case) {
    case "agent":
      return agents.ensure(namespace, request.source.value);
    case "agentName": {
      const version = request.agentVersion === "" ? undefined : request.agentVersion;
      return (await agents.get(namespace, request.source.value, version)).agent;
    }
    default:
      throw new AgentspanError("INVALID_REQUEST", "A start names an agent or brings its definition.");
  }
}

/** Of the normalised message as sent, not of what it resolves to: the newest version may change between two sends. */
function requestHashOf(request: StartRequest): string {
  const keyless = { ...request, idempotencyKey: "" };
  const canonical = canonicalJson(JSON.stringify(toJson(StartRequestSchema, keyless)));
  if (!canonical.ok)
    throw new AgentspanError("INVALID_REQUEST", `The request has no canonical form: ${canonical.problem}`);
  return createHash("sha256").update(canonical.text).digest("hex");
}
