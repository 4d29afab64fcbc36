// What workers say that they have in hand, and which of it they are told to stop.
import type { TaskInHand } from "@agentspan/proto";
import { type Claim, callOf, type Run, wantedPreview } from "./core/index.js";
import type { Engine } from "./engine.js";
import type { PlainClaims } from "./plain-claims.js";
import type { RunStore, StoredRun } from "./ports.js";
import type { WorkerRegistry } from "./worker-registry.js";

export interface TasksInHandOptions {
  readonly store: Pick<RunStore, "states">;
  readonly engine: Pick<Engine, "execute" | "read" | "hasSeen">;
  readonly registry: Pick<WorkerRegistry, "demandOf" | "servedBy">;
  readonly plainClaims: PlainClaims;
}

/** Nobody has so many in hand, and what a heartbeat makes this process hold has a bound. */
const READ_TOGETHER = 1_000;

export class TasksInHand {
  constructor(private readonly options: TasksInHandOptions) {}

  /**
   * The nonces of tasks that no longer are this claim's, or whose run is coming to its end. To stop is to refuse: it is
   * only said of a run that was read linearizably, or that is not there; not of one that cannot be read. A plain claim that is only in the worker's hand
   * is stored on the way. Of what has not begun it is only asked whether there is such a run, and that of those alone
   * which this process has not seen of late.
   */
  async toStop(workerId: string, incarnation: string, tasks: readonly TaskInHand[]): Promise<string[]> {
    const { engine } = this.options;
    const asked = tasks.filter(({ begun, runId }) => begun || !engine.hasSeen(runId));
    const { seen, unreadable } = await this.runsOf(asked);
    const read = new Map<string, Promise<StoredRun | undefined>>();
    const stop: string[] = [];
    for (const task of asked) {
      const { runId, nonce } = task;
      if (unreadable.has(runId)) continue;
      const before = seen.get(runId);
      if (before !== undefined && (!task.begun || goesOn(before, task))) continue;
      const reading = read.get(runId) ?? (before === undefined ? Promise.resolve(undefined) : engine.read(runId));
      read.set(runId, reading);
      const run = (await reading)?.run;
      if (run !== undefined && (goesOn(run, task) || (await this.storeClaim(workerId, incarnation, run, task))))
        continue;
      stop.push(nonce);
    }
    return stop;
  }

  private async runsOf(tasks: readonly TaskInHand[]) {
    const runIds = [...new Set(tasks.map(({ runId }) => runId))];
    const seen = new Map<string, Run>();
    const unreadable = new Set<string>();
    for (let from = 0; from < runIds.length; from += READ_TOGETHER) {
      const read = await this.options.store.states(runIds.slice(from, from + READ_TOGETHER));
      for (const { run } of read.states) seen.set(run.runId, run);
      for (const runId of read.unreadable) unreadable.add(runId);
    }
    return { seen, unreadable };
  }

  /** Stores the claim of a plain task that has begun. True where the worker may go on with it. */
  private async storeClaim(workerId: string, incarnation: string, run: Run, task: TaskInHand): Promise<boolean> {
    const { engine, registry, plainClaims } = this.options;
    const { callId, attempt, nonce } = task;
    const call = callOf(run, callId);
    if (call?.gate !== "plain" || call.state.kind !== "ready" || call.state.attempt !== attempt) return false;
    if (run.phase.kind !== "active") return false;
    const { namespace } = run;
    const { queue, tool } = call;
    const served = await registry.servedBy({ workerId, incarnation }, { namespace, queue, tool });
    // Whoever says that it has begun what it does not serve was not granted it.
    if (served === undefined) return false;
    const owner = await registry.demandOf(namespace, served);
    const claim: Claim = { type: "claim", callId, attempt, nonce, workerId, incarnation, owner, store: true };
    const { answer } = await engine.execute(run.runId, claim);
    if (answer.type === "granted") plainClaims.drop(run.runId, claim);
    // What has begun goes on through a pause, and its outcome is taken.
    return answer.type === "granted" || (answer.type === "refused" && answer.reason === "PAUSED");
  }
}

/** Whether a task that has begun is still this claim's, and is not to be stopped. */
function goesOn(run: Run, { callId, attempt, nonce }: TaskInHand): boolean {
  const call = callOf(run, callId);
  const state = call?.state;
  if (state?.kind === "claimed" && state.nonce === nonce) return run.phase.kind === "active";
  // Whoever has a probing attempt in hand and is not its claimant asks the probe.
  if (state?.kind === "probing" && state.attempt === attempt && state.nonce !== nonce) return true;
  return call !== undefined && call.attempts === attempt && wantedPreview(run, call) !== undefined;
}
