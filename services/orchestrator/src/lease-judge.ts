// Says whether a process that has something in hand still lives.
//
// Leases hang on incarnations. Every process shows life by a counter in its instance document. Lost means: this judge
// saw the same counter for a whole lease on its own monotonic clock, while its own writes and reads were quick and the
// bus, over which workers show life, answered; or the document, seen before, was taken out by the process itself as its
// last act. No wall clock is compared with another, so neither an outage of the store or the bus nor a sleeping laptop
// nor a wrong clock expires a lease: after each of them the watch begins anew.
import type { Logger } from "@agentspan/internal";
import type { Instance, InstanceStore } from "./ports.js";

export type Verdict = "alive" | "lost" | "disowned" | "undecided";

interface Seen {
  readonly counter: number;
  /** Monotonic time at which this counter was first seen. */
  readonly since: number;
  readonly inHand: ReadonlySet<string>;
  readonly gone: boolean;
  /** By the store's clock: for people, never judged by. */
  readonly seenAt?: number | undefined;
}

export interface JudgeOptions {
  readonly store: Pick<InstanceStore, "readInstances">;
  readonly leaseMs: number;
  readonly pollMs: number;
  readonly log: Logger;
  /** Monotonic milliseconds. */
  readonly monotonic: () => number;
  /** Whether this process's own signs of life were stored quickly of late. */
  readonly ownWritesQuick: () => boolean;
  /** Whether the bus answers within the time: a worker cannot show life over one that does not. */
  readonly busAnswers: (withinMs: number) => Promise<boolean>;
}

export class LeaseJudge {
  private readonly seen = new Map<string, Seen>();
  /** Counter of the incarnation when a thing in hand was first asked for. */
  private readonly firstAsked = new Map<string, number>();
  private lastPoll: number | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly options: JudgeOptions) {}

  start(): void {
    this.timer = setInterval(() => void this.poll(), this.options.pollMs);
    this.timer.unref();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /** Looks at every instance once. */
  async poll(): Promise<void> {
    const { store, leaseMs, pollMs, monotonic, ownWritesQuick, busAnswers, log } = this.options;
    const begun = monotonic();
    let instances: readonly Instance[];
    let carried: boolean;
    try {
      [instances, carried] = await Promise.all([store.readInstances(), busAnswers(leaseMs / 4)]);
    } catch (thrown) {
      log.warn({ err: thrown }, "Instances could not be read: no lease is judged until they can");
      this.beginAnew();
      return;
    }
    const now = monotonic();
    const late = this.lastPoll !== undefined && now - this.lastPoll > Math.max(3 * pollMs, leaseMs / 2);
    if (late || now - begun > leaseMs / 4 || !ownWritesQuick() || !carried) this.beginAnew();
    this.lastPoll = now;
    const present = new Set<string>();
    for (const { incarnation, counter, inHand, seenAt } of instances) {
      present.add(incarnation);
      const before = this.seen.get(incarnation);
      const since = before === undefined || before.gone || before.counter !== counter ? now : before.since;
      this.seen.set(incarnation, { counter, since, inHand: new Set(inHand), gone: false, seenAt });
    }
    for (const [incarnation, before] of this.seen) {
      if (present.has(incarnation)) continue;
      if (!before.gone) this.seen.set(incarnation, { ...before, since: now, gone: true });
      // Whoever still waits for its verdict asks within a few sweeps; then it can be forgotten.
      else if (now - before.since > 10 * leaseMs) this.seen.delete(incarnation);
    }
  }

  /** Whether an incarnation holds a thing (a nonce, or the key of a model call). */
  verdict(incarnation: string, thing: string): Verdict {
    const now = this.options.monotonic();
    const key = `${incarnation}/${thing}`;
    const seen = this.seen.get(incarnation);
    if (seen === undefined) {
      // Never seen: its document may be on its way, so it has a lease to appear in.
      this.seen.set(incarnation, { counter: -1, since: now, inHand: new Set(), gone: false });
      return "undecided";
    }
    if (seen.gone && seen.counter >= 0) return this.done(key, "lost");
    if (now - seen.since >= this.options.leaseMs && this.watchedUntil(now)) return this.done(key, "lost");
    if (seen.inHand.has(thing)) return this.done(key, "alive");
    const first = this.firstAsked.get(key);
    if (first === undefined) {
      this.firstAsked.set(key, seen.counter);
      return "undecided";
    }
    // A sign of life that was composed before the claim may be stored after it; the second one after it was not.
    return seen.counter >= first + 2 ? this.done(key, "disowned") : "undecided";
  }

  /** When an incarnation last showed life, by the store's clock; undefined where it was never seen here. */
  lastHeartbeatAt(incarnation: string): number | undefined {
    return this.seen.get(incarnation)?.seenAt;
  }

  private done(key: string, verdict: Verdict): Verdict {
    this.firstAsked.delete(key);
    return verdict;
  }

  /** A silence counts only while this judge was looking. */
  private watchedUntil(now: number): boolean {
    return this.lastPoll !== undefined && now - this.lastPoll <= 3 * this.options.pollMs;
  }

  private beginAnew(): void {
    const now = this.options.monotonic();
    for (const [incarnation, seen] of this.seen) {
      if (!seen.gone) this.seen.set(incarnation, { ...seen, since: now });
    }
    this.lastPoll = now;
  }
}
