// Looks after what is overdue, on every orchestrator. It decides nothing about a run: it finds out whether a holder
// lives, announces again what nobody claimed, lets time pass, and otherwise moves the time of the next look.
import { AgentspanError, type Logger } from "@agentspan/internal";
import type { Clock } from "./clock.js";
import { type Command, type Obligation, obligationsOf, type Run, type Timing } from "./core/index.js";
import type { Engine } from "./engine.js";
import type { LeaseJudge } from "./lease-judge.js";
import type { RunStore, StoredRun } from "./ports.js";
import { modelKey, type Relay } from "./relay.js";

export interface SweeperOptions {
  readonly store: Pick<RunStore, "due" | "load">;
  readonly engine: Pick<Engine, "execute" | "read">;
  readonly relay: Pick<Relay, "announce" | "callModel" | "hasInHand">;
  readonly judge: Pick<LeaseJudge, "verdict" | "lastHeartbeatAt">;
  readonly clock: Clock;
  readonly timing: Timing;
  readonly orchestratorId: string;
  readonly intervalMs: number;
  /** Runs looked after in one sweep, and at once. */
  readonly batch: number;
  readonly atOnce: number;
  readonly log: Logger;
}

/** A run that cannot be swept is left alone for this long, doubling up to the limit. */
const FIRST_REST_MS = 1_000;
const LONGEST_REST_MS = 5 * 60_000;

interface Resting {
  readonly until: number;
  readonly failures: number;
}

export class Sweeper {
  private timer: NodeJS.Timeout | undefined;
  private sweeping: Promise<void> | undefined;
  private stopped = false;
  private readonly resting = new Map<string, Resting>();

  constructor(private readonly options: SweeperOptions) {}

  start(): void {
    this.schedule(0);
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.sweeping;
  }

  /** One sweep: everything that is overdue, at most `batch` runs. Resolves to how many were looked after. */
  async sweep(): Promise<number> {
    const { store, clock, batch, atOnce } = this.options;
    // Those that rest are still overdue: they must not keep the others from being seen.
    const found = await store.due(clock.now(), batch + this.resting.size);
    const now = performance.now();
    const runs = found.filter((runId) => (this.resting.get(runId)?.until ?? 0) <= now).slice(0, batch);
    // Replicas sweep the same list; in another order they meet less often.
    for (let i = runs.length - 1; i > 0; i -= 1) {
      const j = Math.floor(Math.random() * (i + 1));
      [runs[i], runs[j]] = [runs[j] ?? "", runs[i] ?? ""];
    }
    const next = runs[Symbol.iterator]();
    const workers = Array.from({ length: Math.min(atOnce, runs.length) }, async () => {
      for (const runId of next) await this.lookAfter(runId);
    });
    await Promise.all(workers);
    return runs.length;
  }

  private schedule(delayMs: number): void {
    if (this.stopped) return;
    this.timer = setTimeout(() => {
      this.sweeping = this.sweep()
        .then((swept) => this.schedule(swept === this.options.batch ? 0 : this.options.intervalMs))
        .catch((thrown) => {
          this.options.log.warn({ reason: AgentspanError.from(thrown).reason }, "A sweep failed; the next one follows");
          this.schedule(this.options.intervalMs);
        });
    }, delayMs);
    this.timer.unref();
  }

  private async lookAfter(runId: string): Promise<void> {
    const { store, clock, timing, engine, log } = this.options;
    try {
      const stored = await store.load(runId, "majority");
      if (stored === undefined) return;
      const now = clock.now();
      const due: Record<string, number> = {};
      const commands: Command[] = [];
      for (const obligation of obligationsOf(stored.run, timing)) {
        const at = stored.schedule[obligation.key] ?? obligation.due;
        if (at > now) continue;
        const next = await this.attend(stored, obligation, now);
        if (typeof next === "number") due[obligation.key] = next;
        else commands.push(next);
      }
      if (Object.keys(due).length > 0) commands.push({ type: "reschedule", due });
      await Promise.all(commands.map((command) => engine.execute(runId, command)));
      this.resting.delete(runId);
    } catch (thrown) {
      const failures = (this.resting.get(runId)?.failures ?? 0) + 1;
      const restMs = Math.min(FIRST_REST_MS * 2 ** (failures - 1), LONGEST_REST_MS);
      this.resting.set(runId, { until: performance.now() + restMs, failures });
      log.warn({ runId, failures, restMs, reason: AgentspanError.from(thrown).reason }, "A run could not be swept");
    }
  }

  /**
   * A model call of ours that is not in hand: the answer of the commit was lost, or it was answered since the run was
   * read. Only the run as it is now tells the two apart, and a second call costs what the first did.
   */
  private async makeOwnCall(runId: string, key: string): Promise<void> {
    const { engine, relay, timing } = this.options;
    const current = await engine.read(runId);
    if (current === undefined) return;
    for (const obligation of obligationsOf(current.run, timing)) {
      if (obligation.kind === "call_model" && modelKey(runId, obligation) === key) relay.callModel(current, obligation);
    }
  }

  /** A command where something is to happen, or the time of the next look. */
  private async attend(stored: StoredRun, obligation: Obligation, now: number): Promise<Command | number> {
    const { timing, judge, relay, orchestratorId } = this.options;
    const { run } = stored;
    switch (obligation.kind) {
      case "tick":
        return { type: "tick", lastHeartbeats: this.lastHeartbeats(run) };
      case "announce": {
        const announced = await relay.announce(run, obligation.callId, obligation.attempt);
        const late = now - obligation.due;
        return now + (announced ? clamp(late, timing.announceMs, timing.maxAnnounceMs) : timing.announceMs);
      }
      case "call_model": {
        const { turn, attempt, holder } = obligation;
        const key = modelKey(run.runId, obligation);
        if (holder === orchestratorId) {
          if (!relay.hasInHand(key)) await this.makeOwnCall(run.runId, key);
          return now + timing.leaseMs;
        }
        const verdict = judge.verdict(holder, key);
        if (verdict === "lost" || verdict === "disowned") {
          this.options.log.warn({ runId: run.runId, turn, attempt, holder, verdict }, "A model call is made again");
          return { type: "replace_model_call", turn, attempt };
        }
        return now + (verdict === "alive" ? timing.leaseMs : this.options.intervalMs);
      }
      case "watch_claim": {
        const { callId, attempt, nonce, incarnation } = obligation;
        const verdict = judge.verdict(incarnation, nonce);
        if (verdict === "lost" || verdict === "disowned") {
          const how = verdict === "lost" ? "LEASE_ENDED" : "DISOWNED";
          const lastHeartbeatAt = judge.lastHeartbeatAt(incarnation);
          const seen = lastHeartbeatAt === undefined ? {} : { lastHeartbeatAt };
          return { type: "end_claim", callId, attempt, nonce, how, ...seen };
        }
        return now + (verdict === "alive" ? timing.leaseMs : this.options.intervalMs);
      }
      default:
        return obligation satisfies never;
    }
  }

  /** Of the workers that hold something of the run, for whoever is asked what became of it. */
  private lastHeartbeats(run: Run): Readonly<Record<string, number>> {
    return Object.fromEntries(
      run.turn.calls.flatMap(({ state }) => {
        if (state.kind !== "claimed") return [];
        const at = this.options.judge.lastHeartbeatAt(state.incarnation);
        return at === undefined ? [] : [[state.incarnation, at]];
      }),
    );
  }
}

/** Announced again ever more rarely: each wait is as long as the task has been overdue. */
function clamp(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most);
}
