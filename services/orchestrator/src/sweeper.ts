// Looks after what is overdue, on every orchestrator. It decides nothing about a run: it finds out whether a holder
// lives, announces again what nobody claimed, lets time pass, and otherwise moves the time of the next look.
//
// 1. A sweep costs what is overdue: one search, and a read and a write for each run that it finds.
// 2. Orchestrators share the work: each takes its own share first, and another's once that is overdue for a while.
// 3. A run that cannot be swept rests, ever longer, and keeps no other from its turn; nor does one that is due without
//    anything to be done for it.
import { AgentspanError, type Logger, systemTime, type Time, type Timer } from "@agentspan/internal";
import { Attendant, type AttendantOptions } from "./attendant.js";
import { type Command, obligationsOf } from "./core/index.js";
import { DuePages } from "./due-pages.js";
import type { DueRun, RunStore, StoredRun } from "./ports.js";
import { SweepNotes } from "./sweep-notes.js";
import { firstToLookAfter } from "./sweep-share.js";

export interface SweeperOptions extends AttendantOptions {
  readonly store: Pick<RunStore, "due" | "load">;
  readonly intervalMs: number;
  /** Runs looked after in one sweep, and at once. */
  readonly batch: number;
  readonly atOnce: number;
  readonly log: Logger;
  readonly time?: Time | undefined;
}

/**
 * What another orchestrator should have looked after is taken when it is overdue for so long, milliseconds, or for so many
 * times what the last sweep took: where the store is slow the others are late and not lost, and everybody at everything
 * would make it slower.
 */
const OTHERS_AFTER = { leastMs: 1_000, sweeps: 4 } as const;
/** Runs found in one search, however many orchestrators there are. */
const MOST_FOUND = 5_000;
/** Where there is nothing to be done for what is due, it is due again after this. */
const IDLE_MS = 5_000;
/** Between two rounds of announcing everything again, so that they take a tenth of the time where much waits. */
const ROUND_REST = { leastMs: 2_000, timesAsLong: 9, mostMs: 30_000 } as const;

/** What a sweeper has done since it began. */
export interface SweepFigures {
  readonly sweeps: number;
  readonly lookedAfter: number;
  /** Runs that could not be looked after, and sweeps that could not look for any. */
  readonly failures: number;
  /** Of what was overdue when it was looked after, milliseconds. */
  readonly mostOverdueMs: number;
  /** The same of the last sweep, 0 where nothing was; while sweeps fail at least the time since one that did not. */
  readonly lagMs: number;
  /** Whether the store answered the last sweep; true before the first. */
  readonly storeAnswers: boolean;
}

export class Sweeper {
  private timer: Timer | undefined;
  private sweeping: Promise<void> | undefined;
  private stopped = false;
  private readonly notes: SweepNotes;
  private readonly attendant: Attendant;
  private readonly time: Time;
  private counts = { sweeps: 0, lookedAfter: 0, failures: 0, mostOverdueMs: 0, lagMs: 0 };
  private rounds: Promise<void> | undefined;
  private roundAsked = false;
  /** When the next round may begin, by the monotonic clock. */
  private nextRound = -Infinity;
  private endPause: () => void = () => {};
  private lastSweepMs = 0;
  private storeAnswers = true;
  /** When the last search that the store answered began, by the monotonic clock. */
  private lastFound: number;

  constructor(private readonly options: SweeperOptions) {
    this.time = options.time ?? systemTime;
    this.lastFound = this.time.monotonic();
    this.notes = new SweepNotes(() => this.time.monotonic());
    this.attendant = new Attendant(options);
  }

  get figures(): SweepFigures {
    const { storeAnswers, counts } = this;
    // What is overdue now nobody knows: anything that became due since then.
    const unseenMs = storeAnswers ? 0 : this.time.monotonic() - this.lastFound;
    return { ...counts, lagMs: Math.max(counts.lagMs, unseenMs), storeAnswers };
  }

  start(): void {
    this.schedule(0);
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.timer?.cancel();
    this.endPause();
    await Promise.all([this.sweeping, this.rounds]);
  }

  /** One sweep: everything that is overdue, at most `batch` runs. Resolves to how many were looked after. */
  async sweep(): Promise<number> {
    const { clock, batch } = this.options;
    const orchestrators = this.orchestrators();
    // Those that rest are still overdue: they must not keep the others from being seen.
    const limit = Math.min(batch * orchestrators.length, MOST_FOUND) + this.notes.size;
    const now = clock.now();
    const begun = this.time.monotonic();
    const found = await this.find(now, limit);
    if (found.length < limit) this.notes.keepOnly(new Set(found.map(({ runId }) => runId)));
    const runs = this.chosen(found, orchestrators, now);
    this.counts.lagMs = runs.reduce((lag, { wakeAt }) => Math.max(lag, now - wakeAt), 0);
    this.counts.mostOverdueMs = Math.max(this.counts.mostOverdueMs, this.counts.lagMs);
    await this.each(runs, ({ runId }) => this.lookAfter(runId));
    this.lastSweepMs = this.time.monotonic() - begun;
    this.counts.sweeps += 1;
    this.counts.lookedAfter += runs.length;
    return runs.length;
  }

  private async find(now: number, limit: number): Promise<readonly DueRun[]> {
    const begun = this.time.monotonic();
    try {
      const found = await this.options.store.due(now, limit);
      this.storeAnswers = true;
      this.lastFound = begun;
      return found;
    } catch (thrown) {
      this.storeAnswers = false;
      this.counts.failures += 1;
      throw thrown;
    }
  }

  /**
   * Announces once more whatever waits to be announced later: the bus may have lost the hints. One round at a time, and
   * no more than one in a while, however often it is asked for; there is one after the last time that it was.
   */
  announceAgain(): void {
    this.roundAsked = true;
    this.rounds ??= this.goRounds().finally(() => {
      this.rounds = undefined;
    });
  }

  private async goRounds(): Promise<void> {
    while (this.roundAsked && !this.stopped) {
      await this.pause(this.nextRound - this.time.monotonic());
      this.roundAsked = false;
      const begun = this.time.monotonic();
      await this.goRound().catch((thrown) => {
        const { reason } = AgentspanError.from(thrown);
        this.options.log.warn({ reason }, "Tasks could not be announced again; they will be when they are due");
      });
      this.nextRound = this.time.monotonic() + restAfter(this.time.monotonic() - begun);
    }
  }

  private async goRound(): Promise<void> {
    const { store, clock, timing } = this.options;
    const orchestrators = this.orchestrators();
    const by = clock.now() + timing.maxAnnounceMs;
    const pages = new DuePages(clock.now(), this.options.batch, MOST_FOUND);
    while (!pages.ended && !this.stopped) {
      const found = pages.take(await store.due(by, pages.limit, pages.from));
      let busAway = false;
      await this.each(
        found.filter(({ runId }) => this.isMine(runId, orchestrators)),
        async ({ runId }) => {
          const stored = busAway ? undefined : await store.load(runId, "majority");
          if (stored !== undefined && !(await this.attendant.announceAll(stored.run))) busAway = true;
        },
      );
      // There will be another round when it is back.
      if (busAway) return;
    }
  }

  private orchestrators(): readonly string[] {
    const { judge, orchestratorId } = this.options;
    return [...new Set([orchestratorId, ...judge.liveOrchestrators()])];
  }

  private isMine(runId: string, orchestrators: readonly string[]): boolean {
    return firstToLookAfter(runId, orchestrators) === this.options.orchestratorId;
  }

  private chosen(found: readonly DueRun[], orchestrators: readonly string[], now: number): readonly DueRun[] {
    const mine: DueRun[] = [];
    const others: DueRun[] = [];
    const othersAfterMs = Math.max(OTHERS_AFTER.leastMs, OTHERS_AFTER.sweeps * this.lastSweepMs);
    for (const run of found) {
      if (this.notes.rests(run.runId)) continue;
      if (this.isMine(run.runId, orchestrators)) mine.push(run);
      else if (now - run.wakeAt >= othersAfterMs) others.push(run);
    }
    // From the other end: where they are late and not lost they come from this one, and so nobody meets.
    return [...mine, ...others.reverse()].slice(0, this.options.batch);
  }

  private async each(runs: readonly DueRun[], act: (run: DueRun) => Promise<void>): Promise<void> {
    const next = runs[Symbol.iterator]();
    const hands = Array.from({ length: Math.min(this.options.atOnce, runs.length) }, async () => {
      for (const run of next) await act(run);
    });
    await Promise.all(hands);
  }

  private async pause(ms: number): Promise<void> {
    if (ms <= 0) return;
    await new Promise<void>((resolve) => {
      this.endPause = resolve;
      this.time.after(ms, resolve).unref();
    });
  }

  private schedule(delayMs: number): void {
    if (this.stopped) return;
    const { batch, intervalMs, log } = this.options;
    const sweep = () => {
      this.sweeping = this.sweep()
        .then((swept) => this.schedule(swept === batch ? 0 : intervalMs))
        .catch((thrown) => {
          log.warn({ reason: AgentspanError.from(thrown).reason }, "A sweep failed; the next one follows");
          this.schedule(intervalMs);
        });
    };
    this.timer = this.time.after(delayMs, sweep).unref();
  }

  private async lookAfter(runId: string): Promise<void> {
    const { store, log } = this.options;
    try {
      const stored = await store.load(runId, "majority");
      if (stored === undefined || (await this.attendTo(stored))) this.notes.done(runId);
    } catch (thrown) {
      const error = AgentspanError.from(thrown);
      const { restMs, failures } = this.notes.failed(runId, error.retryable);
      this.counts.failures += 1;
      log.warn({ runId, failures, restMs, reason: error.reason }, "A run could not be swept");
    }
  }

  /** False where it was due and nothing was to be done. */
  private async attendTo(stored: StoredRun): Promise<boolean> {
    const { clock, timing, engine, log } = this.options;
    const { runId } = stored.run;
    const now = clock.now();
    const owed = obligationsOf(stored.run, timing).filter(({ key, due }) => (stored.schedule[key] ?? due) <= now);
    const attended = await Promise.all(
      owed.map(async (obligation) => [obligation.key, await this.attendant.attend(stored, obligation, now)] as const),
    );
    const commands = attended.flatMap(([, next]) => (typeof next === "number" ? [] : [next]));
    const moved = attended.flatMap(([key, next]) => (typeof next === "number" ? [[key, next] as const] : []));
    const due = Object.fromEntries(moved);
    const execute = (command: Command) => engine.execute(runId, command, { known: stored });
    if (moved.length > 0) commands.push({ type: "reschedule", due });
    const outcomes = await Promise.all(commands.map(execute));
    if (outcomes.some((outcome) => outcome.stored.version !== stored.version)) return true;
    if (!this.notes.idle(runId, stored.version)) return false;
    // Its time was written by a process with other settings, or what it waits for does not come about.
    if (owed.length > 0) log.warn({ runId, owed: owed.map(({ key }) => key) }, "Nothing came of what a run owed");
    await execute({ type: "reschedule", due: Object.fromEntries(owed.map(({ key }) => [key, now + IDLE_MS])) });
    return true;
  }
}

function restAfter(tookMs: number): number {
  const { leastMs, timesAsLong, mostMs } = ROUND_REST;
  return Math.min(Math.max(leastMs, timesAsLong * tookMs), mostMs);
}
