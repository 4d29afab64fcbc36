// Keeps what tools' owners demand: the newest registration of each.
import type { ToolRegistration, ToolStore } from "../ports.js";
import type { Database } from "./database.js";

const TOOLS = "tools";

/** Documents of earlier versions say nothing of what a tool brings. */
type Brought = Pick<ToolRegistration, "probe" | "enforcesKey">;
type ToolDocument = Omit<ToolRegistration, keyof Brought | "preview"> &
  Partial<Brought> & { readonly preview?: ToolRegistration["preview"] | null; readonly _id: string };

export class ToolDocuments implements ToolStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
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
    const ids = tools.map(({ queue, tool }) => toolId(namespace, queue, tool));
    const documents = await this.#database.all<ToolDocument>(TOOLS, { _id: { $in: ids } });
    return documents.map(({ _id, preview, ...registration }) => ({
      ...{ probe: false, enforcesKey: false, ...registration },
      ...(preview === undefined || preview === null ? {} : { preview }),
    }));
  }
}

/** Queues and tools have no slash in their names, so no two keys are one text. */
function toolId(namespace: string, queue: string, tool: string): string {
  return `${namespace}/${queue}/${tool}`;
}
