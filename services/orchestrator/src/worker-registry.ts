// Which incarnation of a worker serves what, and what it says of it. Kept in memory by whoever answered the
// registration; another orchestrator finds it in the store.
//
// What the owner of a tool demands is the strictest word of all who serve it: a worker of an older version that starts
// beside a newer one takes no gate away. Where nobody serves it, the newest registration holds, for as long as it takes.
import type { WorkerTool } from "@agentspan/proto";
import { type OwnerDemand, strictestTerms } from "./core/index.js";
import type { InstanceStore, ServedTool, ToolStore } from "./ports.js";
import { previewTermsOf, servedTool } from "./worker-messages.js";

/** What holds of a tool when only one of those who serve it says so. */
type Demand = Pick<OwnerDemand, "approval" | "once" | "preview">;

interface KnownWorker {
  readonly workerId: string;
  readonly namespace: string;
  readonly tools: readonly ServedTool[];
}

const MOST_WORKERS = 10_000;
/** How long what a tool's owner demands is remembered. A worker's own registration is always asked first. */
const REMEMBERED_MS = 2_000;
/** A demand outlasts the last sign of life of whoever made it by so long: its worker may be about to start again. */
const DEMAND_OUTLASTS_MS = 10 * 60_000;
const NOTHING: OwnerDemand = { approval: false, once: false, probe: false, enforcesKey: false };

export class WorkerRegistry {
  private readonly workers = new Map<string, KnownWorker>();
  private readonly demands = new Map<string, Demand>();
  private readonly remembered = new Map<string, { readonly demand: OwnerDemand; readonly until: number }>();
  private readonly serving = new Map<
    string,
    { readonly tools: Promise<readonly ServedTool[]>; readonly until: number }
  >();

  constructor(private readonly store: InstanceStore & ToolStore) {}

  put(incarnation: string, workerId: string, namespace: string, tools: readonly WorkerTool[]): void {
    this.workers.delete(incarnation);
    this.workers.set(incarnation, { workerId, namespace, tools: tools.map(servedTool) });
    this.serving.delete(namespace);
    for (const { queue, name, approvalRequired, once, preview } of tools) {
      const looks = preview === undefined ? {} : { preview: previewTermsOf(preview) };
      this.demands.set(demandKey(incarnation, queue, name), { approval: approvalRequired, once, ...looks });
      this.remembered.delete(demandKey(namespace, queue, name));
    }
    const [oldest] = this.workers;
    if (this.workers.size > MOST_WORKERS && oldest !== undefined) this.forget(oldest[0], oldest[1]);
  }

  /** Undefined where nobody knows the incarnation: it must register. */
  async get(incarnation: string): Promise<KnownWorker | undefined> {
    return this.workers.get(incarnation) ?? (await this.find(incarnation));
  }

  /**
   * What the owner of a tool says of it. Of what it demands, this incarnation's word and the newest that is kept: the
   * stricter holds. What it brings is this incarnation's word alone: another version of the tool may have a probe that
   * knows nothing of what this one does.
   */
  async demandOf(
    incarnation: string,
    namespace: string,
    queue: string | undefined,
    tool: string | undefined,
  ): Promise<OwnerDemand> {
    if (queue === undefined || tool === undefined) return NOTHING;
    const own = this.demands.get(demandKey(incarnation, queue, tool));
    const [kept, served] = await Promise.all([
      this.keptDemand(namespace, queue, tool),
      this.servedBy(incarnation, queue, tool),
    ]);
    return {
      ...strictestOf([kept, ...(own === undefined ? [] : [own])]),
      probe: served?.probe === true,
      enforcesKey: served?.enforcesKey === true,
    };
  }

  /** What all who serve a tool demand, and the newest registration of it; remembered for a moment: a claim asks again. */
  async keptDemand(namespace: string, queue: string, tool: string): Promise<OwnerDemand> {
    const key = demandKey(namespace, queue, tool);
    const now = performance.now();
    const remembered = this.remembered.get(key);
    if (remembered !== undefined && remembered.until > now) return remembered.demand;
    const [[registration], serving] = await Promise.all([
      this.store.getTools(namespace, [{ queue, tool }]),
      this.servedIn(namespace, now),
    ]);
    const { probe, enforcesKey } = registration ?? NOTHING;
    const beside = serving.filter((served) => served.queue === queue && served.tool === tool);
    const demand = { ...strictestOf([registration ?? NOTHING, ...beside]), probe, enforcesKey };
    if (this.remembered.size > MOST_WORKERS) this.remembered.clear();
    this.remembered.set(key, { demand, until: now + REMEMBERED_MS });
    return demand;
  }

  /** What workers serve that live, or lived a while ago. */
  private servedIn(namespace: string, now: number): Promise<readonly ServedTool[]> {
    const known = this.serving.get(namespace);
    if (known !== undefined && known.until > now) return known.tools;
    const tools = this.store
      .liveWorkers(namespace, DEMAND_OUTLASTS_MS)
      .then((workers) =>
        workers.flatMap((worker) =>
          worker.tools.filter(({ approval, once, preview }) => approval || once || preview !== undefined),
        ),
      );
    this.serving.set(namespace, { tools, until: now + REMEMBERED_MS });
    tools.catch(() => this.serving.delete(namespace));
    return tools;
  }

  /** A worker may have registered more tools since, with another orchestrator. */
  private async servedBy(incarnation: string, queue: string, tool: string): Promise<ServedTool | undefined> {
    const isIt = (served: ServedTool): boolean => served.queue === queue && served.tool === tool;
    const known = this.workers.get(incarnation)?.tools.find(isIt);
    return known ?? (await this.find(incarnation))?.tools.find(isIt);
  }

  private async find(incarnation: string): Promise<KnownWorker | undefined> {
    const [stored] = await this.store.readInstances([incarnation]);
    if (stored === undefined || stored.kind !== "worker") return undefined;
    // Signs of life that another orchestrator took may still tell of fewer tools than are known here.
    const stays = (known: ServedTool): boolean =>
      !stored.tools.some(({ queue, tool }) => queue === known.queue && tool === known.tool);
    const before = this.workers.get(incarnation)?.tools.filter(stays) ?? [];
    const found = { workerId: stored.name, namespace: stored.namespace, tools: [...before, ...stored.tools] };
    this.workers.set(incarnation, found);
    return found;
  }

  private forget(incarnation: string, { tools }: KnownWorker): void {
    this.workers.delete(incarnation);
    for (const { queue, tool } of tools) this.demands.delete(demandKey(incarnation, queue, tool));
  }
}

function strictestOf(demands: readonly (Partial<Demand> | ServedTool)[]): Demand {
  const preview = demands.map((demand) => demand.preview).reduce(strictestTerms, undefined);
  return {
    approval: demands.some(({ approval }) => approval === true),
    once: demands.some(({ once }) => once === true),
    ...(preview === undefined ? {} : { preview }),
  };
}

function demandKey(scope: string, queue: string, tool: string): string {
  return `${scope}/${queue}/${tool}`;
}
