// Agent definitions in memory, as AgentDocuments keeps them.
import { Limits } from "@agentspan/internal";
import { collectPage } from "../collect-page.js";
import { decodePageToken, encodePageToken } from "../page-token.js";
import type { AgentQuery, AgentVersionsQuery, Page, StoredAgent } from "../ports.js";
import { keyOf, type MemoryDatabase } from "./memory-database.js";
import { compareIds } from "./memory-lists.js";

export type MemoryAgents = Pick<MemoryDatabase, "agents" | "newestAgents">;

export function putAgent({ agents, newestAgents }: MemoryAgents, agent: StoredAgent): boolean {
  const { namespace, name, version } = agent;
  const key = keyOf(namespace, name, version);
  const stored = agents.get(key);
  const kept = stored ?? { ...agent };
  agents.set(key, kept);
  newestAgents.set(keyOf(namespace, name), kept);
  return stored === undefined;
}

export function getAgent(
  { agents, newestAgents }: MemoryAgents,
  namespace: string,
  name: string,
  version?: string,
): StoredAgent | undefined {
  const found =
    version === undefined ? newestAgents.get(keyOf(namespace, name)) : agents.get(keyOf(namespace, name, version));
  return found === undefined ? undefined : { ...found };
}

/** By name. */
export function listAgents({ newestAgents }: MemoryAgents, query: AgentQuery): Promise<Page<StoredAgent>> {
  const after = decodePageToken("agents", query.pageToken);
  const rows = [...newestAgents.values()]
    .filter(({ namespace, name }) => namespace === query.namespace && (after === undefined || name > after.id))
    .sort((one, other) => compareIds(one.name, other.name));
  return collectPage(rows, {
    limit: query.limit,
    maxBytes: Limits.pageBytes,
    bytesOf: ({ definition }) => definition.length,
    itemOf: (agent) => ({ ...agent }),
    tokenAfter: ({ name }) => encodePageToken("agents", { at: 0, id: name }),
  });
}

/** The newest first. */
export function listAgentVersions({ agents }: MemoryAgents, query: AgentVersionsQuery): Promise<Page<StoredAgent>> {
  const { namespace, name, limit, pageToken } = query;
  const after = decodePageToken("agent_versions", pageToken);
  const rows = [...agents.values()]
    .filter((agent) => agent.namespace === namespace && agent.name === name)
    .map((agent) => ({ agent, at: Math.floor(agent.createdAt), id: agent.version }))
    .sort((one, other) => other.at - one.at || compareIds(one.id, other.id))
    .filter(({ at, id }) => after === undefined || at < after.at || (at === after.at && id > after.id));
  return collectPage(rows, {
    limit,
    maxBytes: Limits.pageBytes,
    bytesOf: ({ definition }) => definition.length,
    itemOf: ({ agent }) => ({ ...agent }),
    tokenAfter: ({ at, id }) => encodePageToken("agent_versions", { at, id }),
  });
}
