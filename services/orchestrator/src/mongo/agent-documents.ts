// Keeps agent definitions: each version once, and which one is the newest, with its text, so that a start by name is
// one read.
import { Limits } from "@agentspan/internal";
import { collectPage } from "../collect-page.js";
import { decodePageToken, encodePageToken } from "../page-token.js";
import type { AgentQuery, AgentStore, AgentVersionsQuery, Page, StoredAgent } from "../ports.js";
import type { Database } from "./database.js";
import { datedRows, positionOf } from "./dated-rows.js";
import { RowReader } from "./row-reader.js";
import { storedAgent } from "./rows.js";
import { storedDate } from "./stored-date.js";

export const AGENT_VERSIONS = "agents";
export const NEWEST_AGENTS = "newestAgents";

interface AgentDocument {
  readonly _id: string;
  readonly namespace: string;
  readonly name: string;
  readonly version: string;
  readonly definition: string;
  readonly createdAt: Date;
}

export class AgentDocuments implements AgentStore {
  readonly #database: Database;
  readonly #rows: RowReader;

  constructor(database: Database, rows = new RowReader()) {
    this.#database = database;
    this.#rows = rows;
  }

  async putAgent(agent: StoredAgent): Promise<boolean> {
    const { namespace, name, version } = agent;
    const _id = versionId(namespace, name, version);
    const { inserted } = await this.#database.upsert(AGENT_VERSIONS, [
      { q: { _id }, u: { $setOnInsert: fieldsOf(agent) } },
    ]);
    const isNew = inserted.has(0);
    const stored = isNew ? agent : ((await this.getAgent(namespace, name, version)) ?? agent);
    await this.#database.upsert(NEWEST_AGENTS, [{ q: { _id: `${namespace}/${name}` }, u: { $set: fieldsOf(stored) } }]);
    return isNew;
  }

  async getAgent(namespace: string, name: string, version?: string): Promise<StoredAgent | undefined> {
    const collection = version === undefined ? NEWEST_AGENTS : AGENT_VERSIONS;
    const [document] = await this.#database.lookUp<AgentDocument>(collection, {
      filter: { _id: version === undefined ? `${namespace}/${name}` : versionId(namespace, name, version) },
      limit: 1,
    });
    return document === undefined ? undefined : this.#rows.read(collection, document, storedAgent);
  }

  async listAgents(query: AgentQuery): Promise<Page<StoredAgent>> {
    const { namespace, limit, pageToken } = query;
    const after = decodePageToken("agents", pageToken);
    const rows = this.#database.scan<AgentDocument>(
      NEWEST_AGENTS,
      { namespace, ...(after === undefined ? {} : { name: { $gt: after.id } }) },
      { sort: { name: 1 }, batchSize: Math.min(limit + 1, 20) },
    );
    return collectPage(rows, {
      limit,
      maxBytes: Limits.pageBytes,
      bytesOf: ({ definition }) => definition.length,
      itemOf: (row) => this.#rows.readOrLeaveOut(NEWEST_AGENTS, row, storedAgent),
      tokenAfter: ({ name }) => encodePageToken("agents", { at: 0, id: name }),
    });
  }

  async listAgentVersions({ namespace, name, limit, pageToken }: AgentVersionsQuery): Promise<Page<StoredAgent>> {
    const after = decodePageToken("agent_versions", pageToken);
    const rows = datedRows<AgentDocument>(this.#database, AGENT_VERSIONS, {
      ...{ filter: { namespace, name }, field: "createdAt", newestFirst: true, after },
      batchSize: Math.min(limit + 1, 20),
    });
    return collectPage(rows, {
      limit,
      maxBytes: Limits.pageBytes,
      bytesOf: ({ definition }) => definition.length,
      itemOf: (row) => this.#rows.readOrLeaveOut(AGENT_VERSIONS, row, storedAgent),
      tokenAfter: (row) => encodePageToken("agent_versions", positionOf(row, "createdAt")),
    });
  }
}

/** Names have no slash, so no two keys are one text. */
function versionId(namespace: string, name: string, version: string): string {
  return `${namespace}/${name}/${version}`;
}

function fieldsOf({ namespace, name, version, definition, createdAt }: StoredAgent): Omit<AgentDocument, "_id"> {
  return { namespace, name, version, definition, createdAt: storedDate(createdAt) };
}
