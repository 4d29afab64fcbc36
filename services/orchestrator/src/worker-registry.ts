// Which incarnation of a worker serves what. Kept in memory by whoever answered the registration; another
// orchestrator finds it in the store.
import type { WorkerTool } from "@agentspan/proto";
import type { OwnerDemand } from "./core/index.js";
import type { InstanceStore, ToolStore } from "./ports.js";

interface KnownWorker {
  readonly workerId: string;
  readonly namespace: string;
  readonly tools: readonly Pick<WorkerTool, "queue" | "name">[];
}

const MOST_WORKERS = 10_000;
/** How long what a tool's owner demands is remembered. A worker's own registration is always asked first. */
const REMEMBERED_MS = 2_000;

export class WorkerRegistry {
  private readonly workers = new Map<string, KnownWorker>();
  private readonly demands = new Map<string, OwnerDemand>();
  private readonly remembered = new Map<string, { readonly demand: OwnerDemand; readonly until: number }>();

  constructor(private readonly store: InstanceStore & ToolStore) {}

  put(incarnation: string, workerId: string, namespace: string, tools: readonly WorkerTool[]): void {
    this.workers.delete(incarnation);
    this.workers.set(incarnation, { workerId, namespace, tools: tools.map(({ queue, name }) => ({ queue, name })) });
    for (const { queue, name, approvalRequired, once } of tools) {
      this.demands.set(demandKey(incarnation, queue, name), { approval: approvalRequired, once });
      this.remembered.delete(demandKey(namespace, queue, name));
    }
    const [oldest] = this.workers;
    if (this.workers.size > MOST_WORKERS && oldest !== undefined) this.forget(oldest[0], oldest[1]);
  }

  /** Undefined where nobody knows the incarnation: it must register. */
  async get(incarnation: string): Promise<KnownWorker | undefined> {
    const known = this.workers.get(incarnation);
    if (known !== undefined) return known;
    const [stored] = await this.store.readInstances([incarnation]);
    if (stored === undefined || stored.kind !== "worker") return undefined;
    const tools = stored.tools.map(({ queue, tool }) => ({ queue, name: tool }));
    const found = { workerId: stored.name, namespace: stored.namespace, tools };
    this.workers.set(incarnation, found);
    return found;
  }

  /** What the owner of a tool demands: what this incarnation said, and what is stored; the stricter holds. */
  async demandOf(
    incarnation: string,
    namespace: string,
    queue: string | undefined,
    tool: string | undefined,
  ): Promise<OwnerDemand> {
    if (queue === undefined || tool === undefined) return { approval: false, once: false };
    const own = this.demands.get(demandKey(incarnation, queue, tool));
    const stored = await this.keptDemand(namespace, queue, tool);
    return { approval: own?.approval === true || stored.approval, once: own?.once === true || stored.once };
  }

  /** What the newest registration of a tool demands, remembered for a moment: a claim asks again. */
  async keptDemand(namespace: string, queue: string, tool: string): Promise<OwnerDemand> {
    const key = demandKey(namespace, queue, tool);
    const now = performance.now();
    const remembered = this.remembered.get(key);
    if (remembered !== undefined && remembered.until > now) return remembered.demand;
    const [registration] = await this.store.getTools(namespace, [{ queue, tool }]);
    const demand = { approval: registration?.approval ?? false, once: registration?.once ?? false };
    if (this.remembered.size > MOST_WORKERS) this.remembered.clear();
    this.remembered.set(key, { demand, until: now + REMEMBERED_MS });
    return demand;
  }

  private forget(incarnation: string, { tools }: KnownWorker): void {
    this.workers.delete(incarnation);
    for (const { queue, name } of tools) this.demands.delete(demandKey(incarnation, queue, name));
  }
}

function demandKey(scope: string, queue: string, tool: string): string {
  return `${scope}/${queue}/${tool}`;
}
