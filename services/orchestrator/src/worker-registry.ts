// Which incarnation of a worker serves what, and what it says of it. Kept in memory by whoever answered the
// registration; another orchestrator finds it in the store, and believes it where it is signed: see proof/registrations.ts.
//
// What the owner of a tool demands is the strictest word of all who serve it: a worker of an older version that starts
// beside a newer one takes no gate away. Where nobody serves it, the newest registration holds, for as long as it takes.
import { isDeepStrictEqual } from "node:util";
import { systemTime, type Time } from "@agentspan/internal";
import { type OwnerDemand, strictestTerms } from "./core/index.js";
import type { InstanceStore, RegisteredWorker, ServedTool, ToolPlace, ToolStore } from "./ports.js";
import type { Registrations } from "./proof/registrations.js";

/** What holds of a tool when only one of those who serve it says so. */
type Demand = Pick<OwnerDemand, "approval" | "once" | "preview">;

/** One start of a worker. */
export interface WorkerProcess {
  readonly workerId: string;
  readonly incarnation: string;
}

interface KnownWorker extends RegisteredWorker {
  /** Why its registration counts for nothing: it must register again. */
  readonly problem?: string | undefined;
}

const MOST_WORKERS = 10_000;
/** How long what a tool's owner demands is remembered. A worker's own registration is always asked first. */
const REMEMBERED_MS = 2_000;
/** A demand outlasts the last sign of life of whoever made it by so long: its worker may be about to start again. */
export const DEMAND_OUTLASTS_MS = 10 * 60_000;
const ALL_COUNT: Pick<Registrations, "problem" | "cover"> = { problem: () => undefined, cover: () => true };
const NOTHING: OwnerDemand = { approval: false, once: false, probe: false, enforcesKey: false };

export class WorkerRegistry {
  private readonly workers = new Map<string, KnownWorker>();
  private readonly remembered = new Map<string, { readonly demand: OwnerDemand; readonly until: number }>();
  private readonly serving = new Map<
    string,
    { readonly tools: Promise<readonly ServedTool[]>; readonly until: number }
  >();

  constructor(
    private readonly store: Pick<InstanceStore & ToolStore, "readInstance" | "liveWorkers" | "getTools">,
    private readonly time: Time = systemTime,
    /** Which registrations count; all of them unless said. */
    private readonly registrations: Pick<Registrations, "problem" | "cover"> = ALL_COUNT,
  ) {}

  /** What was registered here. */
  put(worker: RegisteredWorker): void {
    const { namespace, tools } = worker;
    this.keep(worker);
    this.serving.delete(namespace);
    for (const { queue, tool } of tools) this.remembered.delete(placeKey({ namespace, queue, tool }));
  }

  /**
   * Undefined where nobody knows the incarnation: it must register. So must one whose registration has a problem; it
   * shows life nevertheless, and nothing more is believed of it.
   */
  async get(incarnation: string): Promise<KnownWorker | undefined> {
    const known = this.workers.get(incarnation);
    // It may have registered again, with another orchestrator.
    return known === undefined || known.problem !== undefined ? await this.find(incarnation) : known;
  }

  /**
   * A tool as this very process registered it; undefined where it did not. What is known here costs nothing. What is not
   * is read once from the store, since another orchestrator may have taken the registration, and only what is found is
   * remembered.
   */
  async servedBy({ workerId, incarnation }: WorkerProcess, at: ToolPlace): Promise<ServedTool | undefined> {
    const registered = (worker: KnownWorker | undefined) =>
      worker?.name === workerId && worker.namespace === at.namespace && this.counts(worker, at)
        ? worker.tools.find(({ queue, tool }) => queue === at.queue && tool === at.tool)
        : undefined;
    return registered(this.workers.get(incarnation)) ?? registered(await this.find(incarnation));
  }

  /**
   * What the owner of a tool says of it to a process that serves it. Of what it demands, this process's word and the
   * newest that is kept: the stricter holds. What it brings is this process's word alone: another version of the tool may
   * have a probe that knows nothing of what this one does.
   */
  async demandOf(namespace: string, served: ServedTool): Promise<OwnerDemand> {
    const kept = await this.keptDemand(namespace, served.queue, served.tool);
    const { probe = false, enforcesKey = false } = served;
    return { ...strictestOf([kept, served]), probe, enforcesKey };
  }

  /** What all who serve a tool demand, and the newest registration of it; remembered for a moment: a claim asks again. */
  async keptDemand(namespace: string, queue: string, tool: string): Promise<OwnerDemand> {
    const key = placeKey({ namespace, queue, tool });
    const now = this.time.monotonic();
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

  private counts(worker: KnownWorker, at: ToolPlace): boolean {
    return worker.problem === undefined && this.registrations.cover(worker, at);
  }

  private async find(incarnation: string): Promise<KnownWorker | undefined> {
    const stored = await this.store.readInstance(incarnation);
    if (stored === undefined || stored.kind !== "worker") return undefined;
    const before = this.workers.get(incarnation);
    // What was verified once, or registered here, is not verified again.
    const isKnown = before !== undefined && isSameRegistration(before, stored);
    const found = isKnown ? before : newestOf(before, this.judged(stored));
    this.keep(found);
    return found;
  }

  private judged({ incarnation, name, namespace, tools, seal, about }: RegisteredWorker): KnownWorker {
    const worker = { incarnation, name, namespace, tools, ...(seal && { seal }), ...(about && { about }) };
    return { ...worker, problem: this.registrations.problem(worker) };
  }

  private keep(worker: KnownWorker): void {
    const { incarnation } = worker;
    this.workers.delete(incarnation);
    this.workers.set(incarnation, worker);
    const [oldest] = this.workers.keys();
    if (this.workers.size > MOST_WORKERS && oldest !== undefined) this.workers.delete(oldest);
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

/**
 * Of what is known of a process, and what is stored of it. A registration that came here while the other was read may be
 * newer, or tell of more; and what was changed in the database since takes nothing away from what was believed.
 */
function newestOf(known: KnownWorker | undefined, stored: KnownWorker): KnownWorker {
  if (known === undefined || known.problem !== undefined) return stored;
  if (stored.problem !== undefined) return known;
  if (known.seal !== undefined && stored.seal !== undefined) return stored.seal.at >= known.seal.at ? stored : known;
  if (known.name !== stored.name || known.namespace !== stored.namespace) return stored;
  const { tools } = stored;
  const stays = ({ queue, tool }: ServedTool): boolean =>
    !tools.some((other) => other.queue === queue && other.tool === tool);
  return { ...stored, tools: [...known.tools.filter(stays), ...tools] };
}

/** Whether a row is word for word the one that is known. */
function isSameRegistration(known: KnownWorker, stored: RegisteredWorker): boolean {
  return (
    known.seal !== undefined &&
    known.name === stored.name &&
    known.namespace === stored.namespace &&
    isDeepStrictEqual(known.seal, stored.seal) &&
    isDeepStrictEqual(known.tools, stored.tools)
  );
}

function placeKey({ namespace, queue, tool }: ToolPlace): string {
  return `${namespace}/${queue}/${tool}`;
}
