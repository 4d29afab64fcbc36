// Writes the audit: derives the entries of each run from its stored events, and appends those that are missing. A run has
// committed its events before there is an entry of them, so none tells of what did not happen; and whoever dies in between
// leaves events from which another derives the same entries. How runs are followed: run-follower.ts.
import { faultPoint, type SigningKey } from "@agentspan/internal";
import type { History } from "../history.js";
import type { AuditRecord, Store } from "../ports.js";
import { type Followed, RunFollower, type RunFollowerOptions } from "../run-follower.js";
import { AuditTrails } from "./audit-trails.js";

export { shareOf } from "../run-follower.js";

export interface AuditorOptions extends RunFollowerOptions {
  readonly store: Store;
  readonly history: History;
  /** Entries are unsigned where absent. */
  readonly key?: SigningKey | undefined;
}

export class Auditor {
  private readonly trails: AuditTrails;
  private readonly follower: RunFollower<AuditRecord>;

  constructor(private readonly options: AuditorOptions) {
    this.trails = new AuditTrails(options);
    this.follower = new RunFollower(this.followed(), options);
  }

  start(): void {
    this.follower.start();
  }

  /** What is not in the audit by then comes into it by others, or by the next one that starts. */
  stop(): Promise<void> {
    return this.follower.stop();
  }

  /** Looks once after this orchestrator's shares. Resolves to how many entries were new. */
  look(): Promise<number> {
    return this.follower.look();
  }

  /** Brings one run, or whatever changed lately, into the audit now, whoever's share it is. */
  async catchUp(runId?: string): Promise<void> {
    if (runId === undefined) await this.follower.catchUp();
    else await this.options.store.putAudit(await this.trails.missing(runId, { anew: true }));
  }

  private followed(): Followed<AuditRecord> {
    const { store } = this.options;
    return {
      name: "audit",
      list: (since, limit) => store.listAuditable(since, limit),
      readCursor: (share) => store.readAuditCursor(share),
      moveCursor: (share, at) => store.moveAuditCursor(share, at),
      derive: (runId) => this.trails.missing(runId),
      keep: (records) => this.write(records),
      says: {
        cannot: "A run cannot be audited; it is tried again",
        later: "The audit could not be written; it will be",
      },
    };
  }

  private async write(records: readonly AuditRecord[]): Promise<number> {
    if (records.length > 0) faultPoint("orchestrator.before-audit");
    const taken = await this.options.store.putAudit(records);
    if (records.length > 0) faultPoint("orchestrator.after-audit");
    this.trails.stored(records, taken);
    return records.length - taken.size;
  }
}
