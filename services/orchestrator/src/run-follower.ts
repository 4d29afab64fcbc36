// Follows what changes in runs, for whoever derives something from their stored events: each of a run's changes is seen to,
// whoever dies.
//
// 1. Orchestrators divide the runs into shares, and each share has a stored cursor: everything of the share that changed
//    before it was seen to. It moves after what was derived is stored, and never past a run of which nothing could be.
// 2. Two that look after one share for a while derive the same, which is stored once, by its id.
// 3. A run's change may be stored later than its time says. So each look goes back a while, and now and then one goes
//    back further; what was looked at in the same version is passed over.
import { AgentspanError, type Logger, type Time } from "@agentspan/internal";
import type { Clock } from "./clock.js";
import type { ChangedRun } from "./ports.js";
import { RepeatedLook } from "./repeated-look.js";
import { firstToLookAfter } from "./sweep-share.js";

/** What is derived from runs, and where it is kept. */
export interface Followed<T> {
  /** Names the shares of this, so that what is followed beside it is divided in another way. */
  readonly name: string;
  /** Asked before each look, which is passed over where it says so; each is carried out unless it is there. */
  ready?(): Promise<boolean>;
  /** Runs that changed since a time, that time included; the longest ago first. */
  list(since: number, limit: number): Promise<readonly ChangedRun[]>;
  readCursor(share: number): Promise<number | undefined>;
  moveCursor(share: number, at: number): Promise<void>;
  /** What is still to be stored of a run, of what happened since a time. Rejects where that cannot be told. */
  derive(runId: string, since: number): Promise<readonly T[]>;
  /** Stores what was derived of several. Resolves to how much of it was new. */
  keep(derived: readonly T[]): Promise<number>;
  /** What the log says of a run of which nothing can be derived, and of a look that failed. */
  readonly says: { readonly cannot: string; readonly later: string };
}

export interface RunFollowerOptions {
  readonly clock: Clock;
  readonly orchestratorId: string;
  /** The orchestrators that live, this one among them or not. */
  readonly orchestrators: () => readonly string[];
  readonly log: Logger;
  /** Between two looks, milliseconds; 1,000 unless said. */
  readonly intervalMs?: number | undefined;
  /** Asked before each look. */
  readonly alsoEachTime?: (() => Promise<void>) | undefined;
  readonly time?: Time | undefined;
}

/** Into how many parts the runs are divided. Never less: a cursor of a share that is no more would be lost. */
const SHARES = 16;
/** How far a look goes back, and how far each so many-th does: longer than a write takes that the store answered late. */
export const BACK_MS = 10_000;
const FAR_BACK_MS = 120_000;
const FAR_EVERY_MS = 60_000;
/** Runs found in one search, and seen to together. */
const PAGE = 1_000;
const TOGETHER = 32;
const AT_ONCE = 8;

interface Share {
  /** Everything of before was seen to, as far as this process knows. */
  from: number;
  /** As it is stored. */
  cursor: number;
}

interface Seen {
  readonly written: number;
  readonly failed: readonly ChangedRun[];
}

export class RunFollower<T> {
  private readonly shares = new Map<number, Share>();
  /** Runs by the version that was seen to. */
  private readonly done = new Map<string, ChangedRun>();
  /** Runs of which nothing could be derived, by the version in which that was said. */
  private readonly told = new Map<string, number>();
  private readonly looks: RepeatedLook;
  private farAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly followed: Followed<T>,
    private readonly options: RunFollowerOptions,
  ) {
    const { log, alsoEachTime, intervalMs = 1_000, time } = options;
    this.looks = new RepeatedLook({
      look: () => Promise.all([alsoEachTime?.(), this.look()]),
      failed: ({ reason }) => log.warn({ reason }, followed.says.later),
      intervalMs,
      time,
    });
  }

  start(): void {
    this.looks.start();
  }

  /** What was not seen to by then is by others, or by the next one that starts. */
  stop(): Promise<void> {
    return this.looks.stop();
  }

  /** Looks once after this orchestrator's shares. Resolves to how much was new. */
  async look(): Promise<number> {
    const { clock } = this.options;
    if ((await this.followed.ready?.()) === false) return 0;
    const begun = clock.now();
    const mine = await this.takeShares();
    if (mine.size === 0) return 0;
    const far = begun - this.farAt >= FAR_EVERY_MS;
    const since = Math.min(...[...mine.values()].map(({ from, cursor }) => (far ? cursor : from)));
    const { written, failed } = await this.seeSince(since, (runId) => mine.has(shareOf(runId)));
    for (const [number, share] of mine) {
      const stuck = Math.min(...failed.filter(({ runId }) => shareOf(runId) === number).map(({ at }) => at));
      share.from = Math.max(share.from, Math.min(begun - BACK_MS, stuck));
      if (far) await this.move(number, share, Math.min(begun - FAR_BACK_MS, stuck));
    }
    if (far) {
      this.farAt = begun;
      this.forget(begun - FAR_BACK_MS - FAR_EVERY_MS);
    }
    return written;
  }

  /** Sees now to whatever changed lately, whoever's share it is. */
  async catchUp(): Promise<void> {
    await this.seeSince(this.options.clock.now() - BACK_MS, () => true);
  }

  /** What was seen to lately is seen to again. */
  forgetSeen(): void {
    this.done.clear();
  }

  private async takeShares(): Promise<ReadonlyMap<number, Share>> {
    const { orchestratorId, orchestrators } = this.options;
    const living = [...new Set([orchestratorId, ...orchestrators()])];
    for (let number = 0; number < SHARES; number += 1) {
      if (firstToLookAfter(`${this.followed.name} share ${number}`, living) !== orchestratorId) {
        this.shares.delete(number);
      } else if (!this.shares.has(number)) {
        // Another's until now, or nobody's: from where it is known to be complete.
        const cursor = (await this.followed.readCursor(number)) ?? 0;
        this.shares.set(number, { from: cursor, cursor });
      }
    }
    return this.shares;
  }

  private async move(number: number, share: Share, to: number): Promise<void> {
    if (to <= share.cursor) return;
    await this.followed.moveCursor(number, to);
    share.cursor = to;
  }

  private async seeSince(since: number, isAsked: (runId: string) => boolean): Promise<Seen> {
    const failed: ChangedRun[] = [];
    let written = 0;
    let [from, limit] = [since, PAGE];
    for (;;) {
      const found = await this.followed.list(from, limit);
      const fresh = found.filter((run) => isAsked(run.runId) && this.done.get(run.runId)?.version !== run.version);
      for (let at = 0; at < fresh.length && !this.looks.stopped; at += TOGETHER) {
        const part = await this.see(fresh.slice(at, at + TOGETHER));
        written += part.written;
        failed.push(...part.failed);
      }
      const last = found.at(-1);
      if (last === undefined || found.length < limit) return { written, failed };
      if (this.looks.stopped) return { written, failed: [...failed, ...fresh] };
      // Where all are of one instant, more of that instant are asked for.
      if (last.at === from) limit *= 2;
      from = last.at;
    }
  }

  private async see(runs: readonly ChangedRun[]): Promise<Seen> {
    const { log } = this.options;
    const failed: ChangedRun[] = [];
    const derived: T[] = [];
    const next = runs[Symbol.iterator]();
    const hands = Array.from({ length: AT_ONCE }, async () => {
      for (const run of next) {
        try {
          derived.push(...(await this.followed.derive(run.runId, this.shares.get(shareOf(run.runId))?.cursor ?? 0)));
        } catch (thrown) {
          const error = AgentspanError.from(thrown);
          if (error.retryable) throw error;
          failed.push(run);
          if (this.told.get(run.runId) === run.version) continue;
          this.told.set(run.runId, run.version);
          log.error({ runId: run.runId, reason: error.reason, err: error }, this.followed.says.cannot);
        }
      }
    });
    await Promise.all(hands);
    const written = await this.followed.keep(derived);
    for (const run of runs) {
      if (failed.includes(run)) continue;
      this.done.set(run.runId, run);
      this.told.delete(run.runId);
    }
    return { written, failed };
  }

  private forget(before: number): void {
    for (const [runId, { at }] of this.done) if (at < before) this.done.delete(runId);
  }
}

/** By the start of rendezvous hashing: spread evenly, and the same everywhere and for ever. */
export function shareOf(runId: string): number {
  return Number(firstToLookAfter(runId, SHARE_NAMES));
}

const SHARE_NAMES = Array.from({ length: SHARES }, (_, number) => String(number));
