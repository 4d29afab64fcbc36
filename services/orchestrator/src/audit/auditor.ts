// Writes the audit: derives the entries of each run from its stored events, and appends those that are missing.
//
// 1. A run has committed its events before there is an entry of them, so none tells of what did not happen; and whoever
//    dies in between leaves events from which another derives the same entries.
// 2. Orchestrators divide the runs into shares, and each share has a stored cursor: everything of the share that changed
//    before it is in the audit. It moves after the entries are stored, and never past a run that could not be audited.
// 3. Two that look after one share for a while append the same entries; each is stored once, by its id.
// 4. A run's change may be stored later than its time says. So each look goes back a while, and now and then one goes
//    back further; what was looked at in the same version is passed over.
import {
  AgentspanError,
  faultPoint,
  type Logger,
  type SigningKey,
  systemTime,
  type Time,
  type Timer,
} from "@agentspan/internal";
import type { Clock } from "../clock.js";
import type { History } from "../history.js";
import type { AuditableRun, AuditRecord, Store } from "../ports.js";
import { firstToLookAfter } from "../sweep-share.js";
import { AuditTrails } from "./audit-trails.js";

export interface AuditorOptions {
  readonly store: Store;
  readonly history: History;
  readonly clock: Clock;
  readonly orchestratorId: string;
  /** The orchestrators that live, this one among them or not. */
  readonly orchestrators: () => readonly string[];
  /** Entries are unsigned where absent. */
  readonly key?: SigningKey | undefined;
  readonly log: Logger;
  /** Between two looks, milliseconds; 1,000 unless said. */
  readonly intervalMs?: number;
  /** Asked before each look. */
  readonly alsoEachTime?: () => Promise<void>;
  readonly time?: Time | undefined;
}

/** Into how many parts the runs are divided. Never less: a cursor of a share that is no more would be lost. */
const SHARES = 16;
/** How far a look goes back, and how far each so many-th does: longer than a write takes that the store answered late. */
const BACK_MS = 10_000;
const FAR_BACK_MS = 120_000;
const FAR_EVERY_MS = 60_000;
/** Runs found in one search, and audited together. */
const PAGE = 1_000;
const TOGETHER = 32;
const AT_ONCE = 8;

interface Share {
  /** Everything of before is in the audit, as far as this process knows. */
  from: number;
  /** As it is stored. */
  cursor: number;
}

export class Auditor {
  private readonly shares = new Map<number, Share>();
  /** Runs by the version that is in the audit. */
  private readonly done = new Map<string, AuditableRun>();
  /** Runs that could not be audited, by the version in which that was said. */
  private readonly told = new Map<string, number>();
  private readonly trails: AuditTrails;
  private timer: Timer | undefined;
  private looking: Promise<unknown> | undefined;
  private stopped = false;
  private farAt = Number.NEGATIVE_INFINITY;

  constructor(private readonly options: AuditorOptions) {
    this.trails = new AuditTrails(options);
  }

  start(): void {
    this.schedule(0);
  }

  /** What is not in the audit by then comes into it by others, or by the next one that starts. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.timer?.cancel();
    await this.looking;
  }

  /** Looks once after this orchestrator's shares. Resolves to how many entries were new. */
  async look(): Promise<number> {
    const { clock } = this.options;
    const begun = clock.now();
    const mine = await this.takeShares();
    if (mine.size === 0) return 0;
    const far = begun - this.farAt >= FAR_EVERY_MS;
    const since = Math.min(...[...mine.values()].map(({ from, cursor }) => (far ? cursor : from)));
    const { written, failed } = await this.auditSince(since, (runId) => mine.has(shareOf(runId)));
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

  /** Brings one run, or whatever changed lately, into the audit now, whoever's share it is. */
  async catchUp(runId?: string): Promise<void> {
    if (runId === undefined) await this.auditSince(this.options.clock.now() - BACK_MS, () => true);
    else await this.options.store.putAudit(await this.trails.missing(runId, { anew: true }));
  }

  private async takeShares(): Promise<ReadonlyMap<number, Share>> {
    const { store, orchestratorId, orchestrators } = this.options;
    const living = [...new Set([orchestratorId, ...orchestrators()])];
    for (let number = 0; number < SHARES; number += 1) {
      if (firstToLookAfter(`audit share ${number}`, living) !== orchestratorId) this.shares.delete(number);
      else if (!this.shares.has(number)) {
        // Another's until now, or nobody's: from where it is known to be complete.
        const cursor = (await store.readAuditCursor(number)) ?? 0;
        this.shares.set(number, { from: cursor, cursor });
      }
    }
    return this.shares;
  }

  private async move(number: number, share: Share, to: number): Promise<void> {
    if (to <= share.cursor) return;
    await this.options.store.moveAuditCursor(number, to);
    share.cursor = to;
  }

  private async auditSince(
    since: number,
    isAsked: (runId: string) => boolean,
  ): Promise<{ written: number; failed: readonly AuditableRun[] }> {
    const { store } = this.options;
    const failed: AuditableRun[] = [];
    let written = 0;
    let [from, limit] = [since, PAGE];
    for (;;) {
      const found = await store.listAuditable(from, limit);
      const fresh = found.filter((run) => isAsked(run.runId) && this.done.get(run.runId)?.version !== run.version);
      for (let at = 0; at < fresh.length && !this.stopped; at += TOGETHER) {
        const part = await this.audit(fresh.slice(at, at + TOGETHER));
        written += part.written;
        failed.push(...part.failed);
      }
      const last = found.at(-1);
      if (last === undefined || found.length < limit) return { written, failed };
      if (this.stopped) return { written, failed: [...failed, ...fresh] };
      // Where all are of one instant, more of that instant are asked for.
      if (last.at === from) limit *= 2;
      from = last.at;
    }
  }

  private async audit(runs: readonly AuditableRun[]): Promise<{ written: number; failed: readonly AuditableRun[] }> {
    const { log, store } = this.options;
    const failed: AuditableRun[] = [];
    const records: AuditRecord[] = [];
    const next = runs[Symbol.iterator]();
    const hands = Array.from({ length: AT_ONCE }, async () => {
      for (const run of next) {
        try {
          records.push(...(await this.trails.missing(run.runId)));
        } catch (thrown) {
          const error = AgentspanError.from(thrown);
          if (error.retryable) throw error;
          failed.push(run);
          if (this.told.get(run.runId) === run.version) continue;
          this.told.set(run.runId, run.version);
          log.error(
            { runId: run.runId, reason: error.reason, err: error },
            "A run cannot be audited; it is tried again",
          );
        }
      }
    });
    await Promise.all(hands);
    if (records.length > 0) faultPoint("orchestrator.before-audit");
    const taken = await store.putAudit(records);
    if (records.length > 0) faultPoint("orchestrator.after-audit");
    this.trails.stored(records, taken);
    for (const run of runs) {
      if (failed.includes(run)) continue;
      this.done.set(run.runId, run);
      this.told.delete(run.runId);
    }
    return { written: records.length - taken.size, failed };
  }

  private forget(before: number): void {
    for (const [runId, { at }] of this.done) if (at < before) this.done.delete(runId);
  }

  private schedule(delayMs: number): void {
    if (this.stopped) return;
    const { log, alsoEachTime, intervalMs = 1_000, time = systemTime } = this.options;
    const look = () => {
      this.looking = Promise.all([alsoEachTime?.(), this.look()])
        .catch((thrown) => {
          log.warn({ reason: AgentspanError.from(thrown).reason }, "The audit could not be written; it will be");
        })
        .finally(() => this.schedule(intervalMs));
    };
    this.timer = time.after(delayMs, look).unref();
  }
}

/** By the start of rendezvous hashing: spread evenly, and the same everywhere and for ever. */
export function shareOf(runId: string): number {
  return Number(firstToLookAfter(runId, SHARE_NAMES));
}

const SHARE_NAMES = Array.from({ length: SHARES }, (_, number) => String(number));
