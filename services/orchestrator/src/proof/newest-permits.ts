// The newest permit that a worker showed any orchestrator. A permit is a signed statement that holds until its end, and
// nobody takes it back; but a newer one of the same worker supersedes it, so that credentials can be narrowed.
//
// 1. All of them are in memory, so that a claim costs no read: read once at the start, and then, regularly, those that
//    were stored since.
// 2. A row counts by the signature of whoever permits workers. What was seen here is never undone by a row.
import {
  AgentspanError,
  type Logger,
  type Permit,
  permitDisbelief,
  type Time,
  type Timer,
  type TrustedKeys,
} from "@agentspan/internal";
import type { Clock } from "../clock.js";
import type { PermitStore, ShownPermit } from "../ports.js";

export interface NewestPermitsOptions {
  readonly store: PermitStore;
  readonly trusted: TrustedKeys;
  readonly clock: Clock;
  readonly intervalMs: number;
  readonly log: Logger;
  readonly time: Time;
}

/** Longer than a write may take until every reader sees it, and longer than clocks differ. */
const OVERLAP_MS = 30_000;

export class NewestPermits {
  private readonly known = new Map<string, Permit>();
  /** Signatures of rows that are not believed, by worker, so that each is told of once. */
  private readonly told = new Map<string, string>();
  private since = 0;
  private timer: Timer | undefined;
  private looking: Promise<void> | undefined;

  constructor(private readonly options: NewestPermitsOptions) {}

  /** Resolves when all that are stored are known. Rejects with STORE_UNAVAILABLE. */
  async start(): Promise<void> {
    const { time, intervalMs, log } = this.options;
    await this.look();
    const look = () =>
      this.look().catch((thrown) =>
        log.warn({ reason: AgentspanError.from(thrown).reason }, "The newest permits of workers could not be read"),
      );
    this.timer = time.every(intervalMs, () => void look()).unref();
  }

  stop(): void {
    this.timer?.cancel();
  }

  of(workerId: string): Permit | undefined {
    return this.known.get(workerId);
  }

  /** Of a permit that is believed. Resolves when every orchestrator can know of it. */
  async note(workerId: string, permit: Permit): Promise<void> {
    if (!this.isNewer(workerId, permit)) return;
    const { workers, tools, at, until, keyId, signature } = permit;
    const text = Buffer.from(signature).toString("base64url");
    await this.options.store.putPermit({ workerId, workers, tools, at, until, keyId, signature: text });
    this.keep(workerId, permit);
  }

  /** Reads what was stored since the last look. */
  look(): Promise<void> {
    this.looking ??= this.read().finally(() => {
      this.looking = undefined;
    });
    return this.looking;
  }

  private async read(): Promise<void> {
    const { store, clock } = this.options;
    const begun = clock.now();
    for (const row of await store.listPermits(this.since)) this.take(row);
    this.since = begun - OVERLAP_MS;
  }

  private take({ workerId, ...row }: ShownPermit): void {
    if (!this.isNewer(workerId, row)) return;
    const { trusted, log } = this.options;
    const signature = Buffer.from(`${row.signature}`, "base64url");
    const permit = { ...row, signature };
    const unbelieved = permitDisbelief(permit, trusted);
    const problem = unbelieved ?? (permit.workers.includes(workerId) ? undefined : "it is for other workers");
    if (problem === undefined) this.keep(workerId, permit);
    else if (this.told.get(workerId) !== row.signature) {
      this.told.set(workerId, row.signature);
      log.warn({ workerId, problem }, "A stored permit of a worker is not believed");
    }
  }

  private isNewer(workerId: string, { at }: Pick<Permit, "at">): boolean {
    const known = this.known.get(workerId);
    return known === undefined || known.at < at;
  }

  /** Another may have come meanwhile. */
  private keep(workerId: string, permit: Permit): void {
    if (this.isNewer(workerId, permit)) this.known.set(workerId, permit);
  }
}
