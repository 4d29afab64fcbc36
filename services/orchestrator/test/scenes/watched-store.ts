// A store in memory that tells what it was asked, and to which faults can be done.
import type { MemoryDatabase } from "../../src/memory/memory-database.js";
import type { MemoryFault } from "../../src/memory/memory-fault.js";
import { MemoryStore } from "../../src/memory/memory-store.js";
import type { CommitOutcome, RunWrite, Store, StoredRun } from "../../src/ports.js";

export type Operation = keyof Store;

interface Coming {
  readonly fault: MemoryFault | undefined;
  /** Happens just before the call is carried out. */
  readonly before: () => void;
}

export class WatchedStore extends MemoryStore {
  readonly calls: Operation[];
  /** Nothing reaches the database. */
  isAway = false;
  private readonly coming: Map<Operation, Coming[]>;
  private readonly holds = new Map<Operation, Promise<void>[]>();

  constructor(database: MemoryDatabase, now: () => number) {
    const calls: Operation[] = [];
    const coming = new Map<Operation, Coming[]>();
    super({
      database,
      now,
      fault: (operation) => {
        calls.push(operation);
        if (this.isAway) return "away";
        const next = coming.get(operation)?.shift();
        next?.before();
        return next?.fault;
      },
    });
    this.calls = calls;
    this.coming = coming;
  }

  /** What befalls the next calls of an operation, one after the other. */
  befall(operation: Operation, ...faults: readonly MemoryFault[]): void {
    for (const fault of faults) this.come(operation, { fault, before: () => {} });
  }

  /** Lets something happen just before the next call of an operation is carried out. */
  beforeNext(operation: Operation, before: () => void): void {
    this.come(operation, { fault: undefined, before });
  }

  /** Holds the next load or commit on its way, until the function is called. */
  hold(operation: "load" | "commit"): () => void {
    let release = (): void => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    this.holds.set(operation, [...(this.holds.get(operation) ?? []), held]);
    return release;
  }

  override async load(runId: string, consistency: "majority" | "linearizable"): Promise<StoredRun | undefined> {
    await this.holds.get("load")?.shift();
    return super.load(runId, consistency);
  }

  override async commit(write: RunWrite): Promise<CommitOutcome> {
    await this.holds.get("commit")?.shift();
    return super.commit(write);
  }

  /** How often an operation was asked for. */
  count(operation: Operation): number {
    return this.calls.filter((call) => call === operation).length;
  }

  forgetCalls(): void {
    this.calls.length = 0;
  }

  private come(operation: Operation, coming: Coming): void {
    this.coming.set(operation, [...(this.coming.get(operation) ?? []), coming]);
  }
}
