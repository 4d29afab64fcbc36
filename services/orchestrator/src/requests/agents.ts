import { AgentspanError, Limits } from "@agentspan/internal";
import {
  type GetAgentRequest,
  type GetAgentResponse,
  GetAgentResponseSchema,
  type ListAgentsRequest,
  type ListAgentsResponse,
  ListAgentsResponseSchema,
  type ListAgentVersionsRequest,
  type ListAgentVersionsResponse,
  ListAgentVersionsResponseSchema,
  type PutAgentRequest,
  type PutAgentResponse,
  PutAgentResponseSchema,
} from "@agentspan/proto";
import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { agentNotFound } from "../agent-catalog.js";
import { decodeAgent } from "../encode/agent.js";
import type { StoredAgent } from "../ports.js";
import type { RequestContext } from "./context.js";
import { pageSizeOf } from "./read.js";

export async function putAgent(
  { agents, namespace }: RequestContext,
  request: PutAgentRequest,
): Promise<PutAgentResponse> {
  if (request.agent === undefined) throw new AgentspanError("INVALID_REQUEST", "There is no agent in the request.");
  const { agent, created } = await agents.put(namespace, request.agent);
  return create(PutAgentResponseSchema, { name: agent.name, version: agent.version, created });
}

export async function getAgent(
  { agents, namespace }: RequestContext,
  request: GetAgentRequest,
): Promise<GetAgentResponse> {
  const stored = await agents.find(namespace, request.name, request.version === "" ? undefined : request.version);
  return create(GetAgentResponseSchema, {
    agent: decodeAgent(stored.definition),
    version: stored.version,
    createdAt: timestampFromMs(stored.createdAt),
  });
}

export async function listAgents(
  { store, namespace }: RequestContext,
  request: ListAgentsRequest,
): Promise<ListAgentsResponse> {
  const limit = pageSizeOf(request.pageSize, Limits.defaultPageSize);
  const { pageToken } = request;
  const page = await store.listAgents({ namespace, limit, ...(pageToken === "" ? {} : { pageToken }) });
  return create(ListAgentsResponseSchema, {
    agents: page.items.map(summaryOf),
    nextPageToken: page.nextPageToken ?? "",
  });
}

export async function listAgentVersions(
  { store, namespace }: RequestContext,
  { name, pageSize, pageToken }: ListAgentVersionsRequest,
): Promise<ListAgentVersionsResponse> {
  const limit = pageSizeOf(pageSize, Limits.defaultPageSize);
  const page = await store.listAgentVersions({ namespace, name, limit, ...(pageToken === "" ? {} : { pageToken }) });
  if (page.items.length === 0 && pageToken === "") throw agentNotFound(name);
  return create(ListAgentVersionsResponseSchema, {
    versions: page.items.map(summaryOf),
    nextPageToken: page.nextPageToken ?? "",
  });
}

function summaryOf({ name, version, createdAt }: StoredAgent) {
  return { name, version, createdAt: timestampFromMs(createdAt) };
}
