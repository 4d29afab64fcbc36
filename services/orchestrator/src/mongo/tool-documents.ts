// Keeps what tools' owners demand: the newest registration of each.
import type { ToolRegistration, ToolStore } from "../ports.js";
import type { Database } from "./database.js";
import { RowReader } from "./row-reader.js";
import { strictestRegistration, toolRegistration } from "./rows.js";

const TOOLS = "tools";

export class ToolDocuments implements ToolStore {
  readonly #database: Database;
  readonly #rows: RowReader;

  constructor(database: Database, rows = new RowReader()) {
    this.#database = database;
    this.#rows = rows;
  }

  async putTools(tools: readonly ToolRegistration[]): Promise<void> {
    if (tools.length === 0) return;
    const newest = new Map(tools.map((tool) => [toolId(tool.namespace, tool.queue, tool.tool), tool]));
    const statements = [...newest].map(([_id, registration]) => {
      const { namespace, queue, tool, inputSchema, approval, once, probe, enforcesKey, preview = null } = registration;
      const said = { namespace, queue, tool, inputSchema, approval, once, probe, enforcesKey, preview };
      return { q: { _id }, u: { $set: said } };
    });
    await this.#database.upsert(TOOLS, statements);
  }

  async getTools(
    namespace: string,
    tools: readonly { readonly queue: string; readonly tool: string }[],
  ): Promise<readonly ToolRegistration[]> {
    if (tools.length === 0) return [];
    const asked = new Map(tools.map(({ queue, tool }) => [toolId(namespace, queue, tool), { namespace, queue, tool }]));
    const documents = await this.#database.all<{ _id: string }>(TOOLS, { _id: { $in: [...asked.keys()] } });
    return documents.flatMap((row) => {
      const tool = asked.get(row._id);
      if (tool === undefined) return [];
      return [this.#rows.readOrLeaveOut(TOOLS, row, toolRegistration) ?? strictestRegistration(tool)];
    });
  }
}

/** Queues and tools have no slash in their names, so no two keys are one text. */
function toolId(namespace: string, queue: string, tool: string): string {
  return `${namespace}/${queue}/${tool}`;
}
