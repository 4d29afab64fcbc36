// Where definitions are kept.
import type { Page } from "./runs.js";

/** A stored definition: protobuf-JSON text of agentspan.v1.AgentDefinition. */
export interface StoredAgent {
  readonly namespace: string;
  readonly name: string;
  readonly version: string;
  readonly definition: string;
  readonly createdAt: number;
}

export interface AgentQuery {
  readonly namespace: string;
  readonly limit: number;
  /** Opaque, from the page before. A broken one rejects with INVALID_REQUEST. */
  readonly pageToken?: string;
}

export interface AgentVersionsQuery extends AgentQuery {
  readonly name: string;
}

/** Keeps agent definitions, immutable by version. The newest put is the newest version, also when it is an old one again. */
export interface AgentStore {
  /** Resolves to false where this version was stored already. */
  putAgent(agent: StoredAgent): Promise<boolean>;
  /** Rejects with ROW_UNREADABLE. */
  getAgent(namespace: string, name: string, version?: string): Promise<StoredAgent | undefined>;
  /** The newest version of each agent, by name; what cannot be read is left out. */
  listAgents(query: AgentQuery): Promise<Page<StoredAgent>>;
  /** The versions of one agent, the one that was stored last first; what cannot be read is left out. */
  listAgentVersions(query: AgentVersionsQuery): Promise<Page<StoredAgent>>;
}
