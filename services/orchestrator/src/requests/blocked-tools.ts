// Tools with a task that no connected worker serves, or that workers serve incompatibly. For people: nothing is
// decided by it.
import type { Call, Run } from "../core/index.js";
import type { InstanceStore } from "../ports.js";

/** How long the list of workers is remembered. */
const REMEMBERED_MS = 1_000;

/** A preview that is shown while people decide is not waited for. */
const WAITING: readonly Call["state"]["kind"][] = ["ready", "checking", "probing"];

export class BlockedTools {
  private readonly served = new Map<string, { readonly tools: ReadonlySet<string>; readonly until: number }>();

  constructor(
    private readonly store: Pick<InstanceStore, "liveWorkers">,
    private readonly leaseMs: number,
  ) {}

  async of(run: Run): Promise<readonly string[]> {
    if (run.phase.kind !== "active") return [];
    const waiting = run.turn.calls.filter(({ state }) => WAITING.includes(state.kind));
    if (waiting.length === 0) return [];
    const served = await this.servedIn(run.namespace);
    const blocked = waiting.filter(({ queue, tool, incompatible }) => incompatible || !served.has(`${queue}/${tool}`));
    return [...new Set(blocked.map(({ tool }) => tool))];
  }

  private async servedIn(namespace: string): Promise<ReadonlySet<string>> {
    const now = performance.now();
    const known = this.served.get(namespace);
    if (known !== undefined && known.until > now) return known.tools;
    const workers = await this.store.liveWorkers(namespace, this.leaseMs);
    const tools = new Set(workers.flatMap((worker) => worker.tools.map(({ queue, tool }) => `${queue}/${tool}`)));
    this.served.set(namespace, { tools, until: now + REMEMBERED_MS });
    return tools;
  }
}
