// Takes finished runs away when their time is over: what has ended, owes nothing and asks nobody, and did not change for
// as long as runs are kept. Its audit and what webhooks are told of it stay: both are brought up to date first.
import { AgentspanError, faultPoint, formatDuration, type Logger, type Time } from "@agentspan/internal";
import type { Auditor } from "./audit/auditor.js";
import type { Clock } from "./clock.js";
import { openCheckpoints } from "./core/index.js";
import type { AgedRun, RunStore, StoredRun } from "./ports.js";
import { RepeatedLook } from "./repeated-look.js";
import { firstToLookAfter } from "./sweep-share.js";
import type { Notifier } from "./webhooks/notifier.js";

export interface RetentionOptions {
  readonly store: Pick<RunStore, "load" | "listAged" | "removeRuns" | "clearRemoved">;
  /** How long a run is kept after it ended and last changed, milliseconds. */
  readonly keepMs: number;
  readonly auditor: Pick<Auditor, "catchUp">;
  /** Absent where nobody is told of anything. */
  readonly notifier?: Pick<Notifier, "catchUp" | "changed"> | undefined;
  readonly clock: Clock;
  readonly orchestratorId: string;
  /** The orchestrators that live, this one among them or not. */
  readonly orchestrators: () => readonly string[];
  readonly log: Logger;
  readonly time?: Time | undefined;
}

const LOOK_EVERY_MS = 60_000;
/** Who sets less than a day may have meant another unit: what is gone does not come back. */
const SHORT_MS = 86_400_000;
/** Runs found in one search, brought up to date at once, and removed in one write. */
const PAGE = 1_000;
const AT_ONCE = 4;
const TOGETHER = 100;

export class Retention {
  /** Everything that became old before was removed, or had not ended: then it becomes old anew once it has. */
  private from = 0;
  /** Runs that cannot be brought up to date, by the version in which that was said. */
  private readonly kept = new Map<string, number>();
  private readonly looks: RepeatedLook;

  constructor(private readonly options: RetentionOptions) {
    const { keepMs, log, time } = options;
    this.looks = new RepeatedLook({
      look: () => this.look(),
      failed: ({ reason }) => log.warn({ reason }, "Finished runs could not be removed; they will be"),
      intervalMs: Math.min(LOOK_EVERY_MS, keepMs),
      time,
    });
  }

  start(): void {
    const { keepMs, log } = this.options;
    log[keepMs < SHORT_MS ? "warn" : "info"](`Finished runs are removed after ${formatDuration(keepMs)}`);
    this.looks.start();
  }

  /** What was not removed by then is by others, or by the next one that starts. */
  stop(): Promise<void> {
    return this.looks.stop();
  }

  /** Looks once, where this orchestrator is the one that does. Resolves to how many runs were removed. */
  async look(): Promise<number> {
    const { orchestratorId, orchestrators, clock, keepMs, log } = this.options;
    if (firstToLookAfter("retention", [orchestratorId, ...orchestrators()]) !== orchestratorId) return 0;
    await this.clear();
    // Once for all: webhooks that are made from here on are told nothing of what was over before.
    await this.options.notifier?.changed();
    let [removed, reached, later] = [0, this.from, Number.POSITIVE_INFINITY];
    for await (const page of this.pages(clock.now() - keepMs)) {
      const ended = page.filter(({ runId, version, isEnded }) => isEnded && this.kept.get(runId) !== version);
      for (let at = 0; at < ended.length && !this.looks.stopped; at += TOGETHER) {
        const part = await this.remove(ended.slice(at, at + TOGETHER));
        removed += part.removed;
        later = Math.min(later, part.later);
      }
      reached = page.at(-1)?.at ?? reached;
    }
    if (!this.looks.stopped) this.from = Math.min(reached, later);
    if (removed > 0) log.info({ removed }, "Finished runs were removed");
    return removed;
  }

  private async *pages(before: number): AsyncGenerator<readonly AgedRun[]> {
    let [from, limit] = [this.from, PAGE];
    while (!this.looks.stopped) {
      const found = await this.options.store.listAged(from, before, limit);
      yield found;
      const last = found.at(-1);
      if (last === undefined || found.length < limit) return;
      // Where all are of one instant, more of that instant are asked for.
      if (last.at === from) limit *= 2;
      from = last.at;
    }
  }

  /** `later`: when the first of those ended of which something is owed still, or that changed meanwhile. */
  private async remove(runs: readonly AgedRun[]): Promise<{ readonly removed: number; readonly later: number }> {
    const ready: AgedRun[] = [];
    const next = runs.filter(({ isQuiet }) => isQuiet)[Symbol.iterator]();
    const hands = Array.from({ length: AT_ONCE }, async () => {
      for (const run of next) if (await this.bringUpToDate(run)) ready.push(run);
    });
    await Promise.all(hands);
    faultPoint("orchestrator.before-removal");
    const removed = await this.options.store.removeRuns(ready);
    faultPoint("orchestrator.after-removal");
    await this.clear();
    const gone = removed === ready.length ? new Set(ready) : new Set();
    const left = runs.filter((run) => !gone.has(run) && this.kept.get(run.runId) !== run.version);
    return { removed, later: Math.min(...left.map(({ at }) => at)) };
  }

  private async bringUpToDate(run: AgedRun): Promise<boolean> {
    const { store, auditor, notifier, log } = this.options;
    try {
      const stored = await store.load(run.runId, "majority");
      if (stored?.version !== run.version || !isOver(stored)) return false;
      await auditor.catchUp(run.runId);
      await notifier?.catchUp(stored);
      return true;
    } catch (thrown) {
      const error = AgentspanError.from(thrown);
      if (error.retryable) throw error;
      this.kept.set(run.runId, run.version);
      log.error({ runId: run.runId, reason: error.reason, err: error }, "A finished run cannot be removed; it is kept");
      return false;
    }
  }

  private async clear(): Promise<void> {
    while (!this.looks.stopped && (await this.options.store.clearRemoved(TOGETHER)) > 0);
  }
}

/** As the state says it, which alone counts. */
function isOver({ run }: StoredRun): boolean {
  return run.phase.kind === "ended" && openCheckpoints(run).length === 0;
}
