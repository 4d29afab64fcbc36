// Tools with a task that no connected worker serves, or that workers hand back: and why. For people: nothing is decided
// by it.
import { systemTime, type Time } from "@agentspan/internal";
import { BlockedReason, type BlockedTool, BlockedToolSchema } from "@agentspan/proto";
import { create } from "@bufbuild/protobuf";
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
    private readonly time: Time = systemTime,
  ) {}

  /** One for each tool. */
  async of(run: Run): Promise<readonly BlockedTool[]> {
    if (run.phase.kind !== "active") return [];
    const waiting = run.turn.calls.filter(({ state }) => WAITING.includes(state.kind));
    if (waiting.length === 0) return [];
    const served = await this.servedIn(run.namespace);
    const blocked = new Map<string, BlockedReason>();
    for (const call of waiting) {
      const why = reasonOf(call, served);
      if (why !== undefined && !blocked.has(call.tool)) blocked.set(call.tool, why);
    }
    return [...blocked].map(([toolName, why]) => create(BlockedToolSchema, { toolName, why }));
  }

  private async servedIn(namespace: string): Promise<ReadonlySet<string>> {
    const now = this.time.monotonic();
    const known = this.served.get(namespace);
    if (known !== undefined && known.until > now) return known.tools;
    const workers = await this.store.liveWorkers(namespace, this.leaseMs);
    const tools = new Set(workers.flatMap((worker) => worker.tools.map(({ queue, tool }) => `${queue}/${tool}`)));
    this.served.set(namespace, { tools, until: now + REMEMBERED_MS });
    return tools;
  }
}

function reasonOf(call: Call, served: ReadonlySet<string>): BlockedReason | undefined {
  if (!served.has(`${call.queue}/${call.tool}`)) return BlockedReason.NO_WORKER;
  if (call.incompatible) return BlockedReason.INCOMPATIBLE;
  return call.unproven ? BlockedReason.NO_PROOF : undefined;
}
