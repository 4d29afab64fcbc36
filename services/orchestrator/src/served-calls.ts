// Which calls a worker has anything to do with: those whose tool this very process registered, in its own namespace.
//
// 1. It is asked before a task, a probe or a preview is granted, and before anything is believed of an attempt that was
//    not granted to whoever speaks. Knowing a run's id is not enough.
// 2. Of another namespace nothing is told: its runs are not found.
// 3. A call that is not there may be there a moment later: whoever asks for it gets nothing.
// 4. What is granted stays granted: who has a claim may tell what became of it, however long its registration is gone.
import { AgentspanError, type Logger } from "@agentspan/internal";
import { type Call, type ClaimKey, callOf, claimedCallOf, isOfEarlierTurn, isSameClaim } from "./core/index.js";
import type { Engine } from "./engine.js";
import type { PlainClaims } from "./plain-claims.js";
import type { ServedTool, StoredRun } from "./ports.js";
import { namespaceOf } from "./worker-checks.js";
import type { WorkerRegistry } from "./worker-registry.js";

export interface ServedCallsOptions {
  readonly engine: Pick<Engine, "peek" | "read">;
  readonly registry: Pick<WorkerRegistry, "servedBy">;
  readonly plainClaims: Pick<PlainClaims, "holds">;
  readonly log: Logger;
  /** Between two lines of the log, milliseconds; a minute unless said. */
  readonly quietMs?: number;
  readonly monotonic?: () => number;
}

/** As a worker's request names it. */
export interface NamedCall {
  readonly runId: string;
  readonly callId: string;
  readonly incarnation: string;
  readonly namespace: string;
}

export type FoundCall =
  | { readonly kind: "served"; readonly stored: StoredRun; readonly call: Call; readonly tool: ServedTool }
  /** Its tool is not among those that the process registered, as far as anybody knows. */
  | { readonly kind: "unserved" }
  /** Its turn has closed: of what is left of it the core grants nothing, and believes its claimants alone. */
  | { readonly kind: "past"; readonly stored: StoredRun }
  | { readonly kind: "no_call" }
  | { readonly kind: "no_run" };

export type Heard =
  | { readonly heard: true; readonly known?: StoredRun }
  | { readonly heard: false; readonly why: Exclude<FoundCall["kind"], "served" | "past"> };

export class ServedCalls {
  private toldAt = Number.NEGATIVE_INFINITY;
  private untold = 0;

  constructor(private readonly options: ServedCallsOptions) {}

  /** Reads nothing where the run and the worker are known here. Rejects with STORE_UNAVAILABLE. */
  async find(workerId: string, { runId, callId, incarnation, namespace: said }: NamedCall): Promise<FoundCall> {
    const { stored } = await this.look(runId, ({ run }) => callOf(run, callId) !== undefined);
    const namespace = namespaceOf(said);
    if (stored === undefined || stored.run.namespace !== namespace) return { kind: "no_run" };
    const call = callOf(stored.run, callId);
    if (call === undefined) return isOfEarlierTurn(stored.run, callId) ? { kind: "past", stored } : { kind: "no_call" };
    const { queue, tool: name } = call;
    const tool = await this.options.registry.servedBy({ workerId, incarnation }, { namespace, queue, tool: name });
    return tool === undefined ? { kind: "unserved" } : { kind: "served", stored, call, tool };
  }

  /**
   * Whether what a process says of a call is listened to: it has the claim that it speaks of, or serves the tool. Rejects
   * with STORE_UNAVAILABLE.
   */
  async hear(workerId: string, call: NamedCall, claim?: ClaimKey): Promise<Heard> {
    const { runId, callId } = call;
    if (claim !== undefined && this.options.plainClaims.holds(runId, { callId, ...claim })) return { heard: true };
    const found = await this.find(workerId, call);
    if (found.kind === "served" || found.kind === "past") return { heard: true, known: found.stored };
    const claimed = claim !== undefined && (await this.isClaimed(runId, callId, claim));
    return claimed ? { heard: true } : { heard: false, why: found.kind };
  }

  /** What a process is told that asks for a call whose tool it has not registered. */
  unregistered(workerId: string, { runId, callId, incarnation }: NamedCall): AgentspanError {
    const { log, quietMs = 60_000, monotonic = () => performance.now() } = this.options;
    this.untold += 1;
    // Whoever floods us with such requests fills no disk.
    if (monotonic() - this.toldAt >= quietMs) {
      const fields = { runId, callId, workerId, incarnation, since: this.untold };
      log.warn(fields, "A worker was refused a call: it has not registered the tool");
      this.toldAt = monotonic();
      this.untold = 0;
    }
    return new AgentspanError(
      "PERMISSION_DENIED",
      `Worker ${workerId} has not registered the tool of call ${callId} of run ${runId} in this incarnation, or nobody knows of it any more. Register it, then ask again.`,
    );
  }

  private async isClaimed(runId: string, callId: string, claim: ClaimKey): Promise<boolean> {
    const stored = await this.look(runId, ({ run }) =>
      (claimedCallOf(run, callId)?.claims ?? []).some((record) => isSameClaim(record, claim)),
    );
    return stored.found;
  }

  /** The run as it is known here, and where it has nothing of what is looked for as it is stored. */
  private async look(runId: string, has: (stored: StoredRun) => boolean) {
    const { engine } = this.options;
    const seen = await engine.peek(runId);
    if (seen !== undefined && has(seen)) return { stored: seen, found: true };
    const stored = await engine.read(runId);
    return { stored, found: stored !== undefined && has(stored) };
  }
}
