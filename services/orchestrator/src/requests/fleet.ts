// Which workers showed life of late and what they serve, and which tools agents have, for people: nothing is decided by it.
import { AgentspanError, type Logger, type Time } from "@agentspan/internal";
import { type Tool, ToolKind } from "@agentspan/proto";
import type { Clock } from "../clock.js";
import { decodeAgent } from "../encode/agent.js";
import type { AgentStore, Bus, Instance, InstanceStore, ServedTool, ToolStore } from "../ports.js";
import type { Registrations } from "../proof/registrations.js";
import { DEMAND_OUTLASTS_MS } from "../worker-registry.js";

export interface FleetOptions {
  readonly store: Pick<InstanceStore & AgentStore & ToolStore, "liveWorkers" | "listAgents" | "getTools">;
  readonly bus: Pick<Bus, "queued">;
  readonly registrations: Pick<Registrations, "problem" | "cover">;
  readonly clock: Pick<Clock, "now">;
  readonly leaseMs: number;
  readonly log: Logger;
  readonly time: Time;
}

/** A worker's process, and what is believed of its registration. */
export interface FleetWorker {
  readonly instance: Instance;
  readonly live: boolean;
  /** What it registered still counts among what a tool's owner demands. */
  readonly demands: boolean;
  /** Why its registration counts for nothing. */
  readonly problem: string | undefined;
  /** What it registered and has no calls of: its permit does not let it. */
  readonly notPermitted: ReadonlySet<ServedTool>;
}

export interface Place {
  readonly queue: string;
  readonly tool: string;
}

export interface FleetTool extends Place {
  /** By name. */
  readonly agents: readonly string[];
  /** What registered it, those that are silent by now too. */
  readonly registered: readonly { readonly worker: FleetWorker; readonly tool: ServedTool }[];
}

/** How long workers are shown after their last sign of life: not longer than signs of life are kept. */
const SHOWN_MS = 60 * 60_000;
/** Reading serves whoever asks meanwhile: pages of one list, and desks that look again and again. */
const WORKERS_KEPT_MS = 1_000;
const AGENTS_KEPT_MS = 2_000;
const AGENTS_AT_ONCE = 100;

type AgentTools = ReadonlyMap<string, Place & { readonly agents: string[] }>;

export class Fleet {
  private readonly workers: Remembered<readonly FleetWorker[]>;
  private readonly agents: Remembered<AgentTools>;

  constructor(private readonly options: FleetOptions) {
    this.workers = new Remembered(WORKERS_KEPT_MS, options.time, (namespace) => this.readWorkers(namespace));
    this.agents = new Remembered(AGENTS_KEPT_MS, options.time, (namespace) => this.readAgents(namespace));
  }

  /** By worker id and incarnation. */
  workersOf(namespace: string): Promise<readonly FleetWorker[]> {
    return this.workers.of(namespace);
  }

  /** By queue and name: what workers registered, and what the newest version of each agent has. */
  async toolsOf(namespace: string): Promise<readonly FleetTool[]> {
    const [workers, agents] = await Promise.all([this.workers.of(namespace), this.agents.of(namespace)]);
    const tools = new Map<string, { place: Place; registered: FleetTool["registered"][number][] }>();
    const at = ({ queue, tool }: Place) => {
      const key = toolKey({ queue, tool });
      const known = tools.get(key) ?? { place: { queue, tool }, registered: [] };
      tools.set(key, known);
      return known;
    };
    for (const place of agents.values()) at(place);
    for (const worker of workers) {
      for (const tool of worker.instance.tools) at(tool).registered.push({ worker, tool });
    }
    return [...tools]
      .sort(([one], [other]) => compare(one, other))
      .map(([key, { place, registered }]) => ({ ...place, registered, agents: agents.get(key)?.agents ?? [] }));
  }

  /** What the newest registration of each demands, by key. */
  async demandsOf(namespace: string, tools: readonly Place[]) {
    const registrations = await this.options.store.getTools(namespace, tools);
    return new Map(registrations.map((registration) => [toolKey(registration), registration]));
  }

  /** How many tasks of each wait in the queue; undefined where nobody can tell. Never rejects. */
  async waiting(namespace: string, tools: readonly Place[]): Promise<readonly (number | undefined)[]> {
    try {
      return await this.options.bus.queued(namespace, tools);
    } catch (thrown) {
      this.options.log.debug({ reason: AgentspanError.from(thrown).reason }, "Nobody can tell which tasks wait");
      return tools.map(() => undefined);
    }
  }

  private async readWorkers(namespace: string): Promise<readonly FleetWorker[]> {
    const { store, registrations, clock, leaseMs } = this.options;
    const instances = await store.liveWorkers(namespace, SHOWN_MS);
    const now = clock.now();
    return instances
      .toSorted((one, other) => compare(workerKey(one), workerKey(other)))
      .map((instance) => {
        const { name, seal, tools, seenAt = 0 } = instance;
        const covered = (tool: ServedTool) =>
          registrations.cover({ name, ...(seal && { seal }) }, { namespace, queue: tool.queue, tool: tool.tool });
        const notPermitted = new Set(tools.filter((tool) => !covered(tool)));
        const silentMs = now - seenAt;
        return {
          instance,
          live: silentMs <= leaseMs,
          demands: silentMs <= DEMAND_OUTLASTS_MS,
          problem: registrations.problem(instance),
          notPermitted,
        };
      });
  }

  /** Definitions are read page by page, and of each only its tools are kept. */
  private async readAgents(namespace: string): Promise<AgentTools> {
    const tools = new Map<string, Place & { agents: string[] }>();
    let pageToken: string | undefined;
    do {
      const page = await this.options.store.listAgents({
        namespace,
        limit: AGENTS_AT_ONCE,
        ...(pageToken === undefined ? {} : { pageToken }),
      });
      for (const { name, definition } of page.items) {
        for (const { kind, queue, name: tool } of this.toolsIn(name, definition)) {
          if (kind !== ToolKind.UNSPECIFIED) continue;
          const place = { queue: queue === "" ? name : queue, tool };
          const known = tools.get(toolKey(place)) ?? { ...place, agents: [] };
          known.agents.push(name);
          tools.set(toolKey(place), known);
        }
      }
      pageToken = page.nextPageToken;
    } while (pageToken !== undefined);
    return tools;
  }

  /** One that was changed in the database keeps nobody from seeing the others. */
  private toolsIn(name: string, definition: string): readonly Tool[] {
    try {
      return decodeAgent(definition).tools;
    } catch (err) {
      this.options.log.warn({ err, agent: name }, "A stored definition cannot be read, and its tools are not listed");
      return [];
    }
  }
}

/** Neither part has a slash. */
export function toolKey({ queue, tool }: Place): string {
  return `${queue}/${tool}`;
}

export function workerKey({ name, incarnation }: Pick<Instance, "name" | "incarnation">): string {
  return `${name}/${incarnation}`;
}

export function compare(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}

/** What was read of each namespace a moment ago, or is being read. */
class Remembered<T> {
  private readonly known = new Map<string, { readonly value: Promise<T>; readonly until: number }>();

  constructor(
    private readonly keepMs: number,
    private readonly time: Time,
    private readonly read: (namespace: string) => Promise<T>,
  ) {}

  of(namespace: string): Promise<T> {
    const now = this.time.monotonic();
    const known = this.known.get(namespace);
    if (known !== undefined && known.until > now) return known.value;
    for (const [other, { until }] of this.known) if (until <= now) this.known.delete(other);
    const value = this.read(namespace);
    this.known.set(namespace, { value, until: now + this.keepMs });
    value.catch(() => this.known.delete(namespace));
    return value;
  }
}
