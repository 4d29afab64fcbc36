// This process's signs of life, and those of the workers whose heartbeats it takes. They are written together, apart
// from the runs' writes; a worker's heartbeat is answered after its write.
import { AgentspanError, faultPoint, type Logger, type Time, type Timer } from "@agentspan/internal";
import type { Instance, InstanceKeys, InstanceStore } from "./ports.js";

export interface InstancesOptions {
  readonly store: InstanceStore;
  readonly incarnation: string;
  readonly intervalMs: number;
  readonly leaseMs: number;
  readonly log: Logger;
  /** Keys of the model calls in hand. */
  readonly inHand: () => readonly string[];
  readonly time: Time;
  readonly keys?: InstanceKeys | undefined;
}

/** How long an instance that shows no life is kept for people to see, and how often the others are tidied away. */
const FORGET_AFTER_MS = 60 * 60_000;
const TIDY_EVERY_MS = 10 * 60_000;

/** A sign of life that is to be written. */
interface Waiting {
  readonly compose: () => Instance;
  readonly stored: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export class Instances {
  private counter = 0;
  private timers: readonly Timer[] = [];
  private lastStored: number | undefined;
  private lastTookMs = 0;
  private waiting: Waiting[] = [];
  private writing: Promise<void> | undefined;

  constructor(private readonly options: InstancesOptions) {}

  /** Resolves when the first sign of life is stored. */
  async start(): Promise<void> {
    await this.tidy();
    await this.beat();
    const { time, intervalMs } = this.options;
    this.timers = [
      time.every(intervalMs, () => void this.beat().catch((thrown) => this.couldNot(thrown))).unref(),
      time.every(TIDY_EVERY_MS, () => void this.tidy().catch((thrown) => this.couldNot(thrown))).unref(),
    ];
  }

  /** Takes the document out: whatever this process held is free for others at once. No sign of life follows it. */
  async stop(): Promise<void> {
    for (const timer of this.timers) timer.cancel();
    await this.writing;
    await this.options.store.removeInstance(this.options.incarnation);
  }

  /** Whether signs of life were stored quickly of late, so that a silence of others means something. */
  ownWritesQuick(): boolean {
    const { leaseMs, intervalMs, time } = this.options;
    if (this.lastStored === undefined) return false;
    return this.lastTookMs < leaseMs / 4 && time.monotonic() - this.lastStored < intervalMs + leaseMs / 4;
  }

  /** Stores a worker's sign of life; resolves when it is stored. */
  store(instance: Instance): Promise<void> {
    return this.enqueue(() => instance);
  }

  private enqueue(compose: () => Instance): Promise<void> {
    let settle: Pick<Waiting, "resolve" | "reject"> = { resolve: () => {}, reject: () => {} };
    const stored = new Promise<void>((resolve, reject) => {
      settle = { resolve, reject };
    });
    this.waiting.push({ compose, stored, ...settle });
    this.writing ??= this.write();
    return stored;
  }

  /** Every judge reads what is there each second: workers that come and go must not pile up. */
  private tidy(): Promise<void> {
    return this.options.store.forgetInstances(FORGET_AFTER_MS);
  }

  private async beat(): Promise<void> {
    const { time } = this.options;
    const begun = time.monotonic();
    const waits = this.waiting.find(({ compose }) => compose === this.own);
    await (waits?.stored ?? this.enqueue(this.own));
    this.lastStored = time.monotonic();
    this.lastTookMs = this.lastStored - begun;
  }

  /**
   * When it is written and not when it was due, and one at a time: where the store is slow, a sign of life that lists
   * what was in hand long ago would disown what has been taken since.
   */
  private readonly own = (): Instance => {
    const { incarnation, inHand, keys } = this.options;
    this.counter += 1;
    return {
      incarnation,
      kind: "orchestrator",
      name: incarnation,
      namespace: "",
      counter: this.counter,
      inHand: inHand(),
      tools: [],
      ...(keys === undefined ? {} : { keys }),
    };
  };

  /** One batch in flight; what comes meanwhile goes with the next. */
  private async write(): Promise<void> {
    while (this.waiting.length > 0) {
      const batch = this.waiting;
      this.waiting = [];
      try {
        faultPoint("orchestrator.before-heartbeat");
        await this.options.store.beat(batch.map(({ compose }) => compose()));
        faultPoint("orchestrator.after-heartbeat");
        for (const { resolve } of batch) resolve();
      } catch (thrown) {
        for (const { reject } of batch) reject(thrown);
      }
    }
    this.writing = undefined;
  }

  private couldNot(thrown: unknown): void {
    this.options.log.warn({ reason: AgentspanError.from(thrown).reason }, "The instances could not be written");
  }
}
