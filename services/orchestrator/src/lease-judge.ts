// Says whether a process that has something in hand still lives.
//
// Leases hang on incarnations. Every process shows life by a counter in its instance document. Lost means: this judge
// saw the same counter for a whole lease on its own monotonic clock, while its own writes and reads were quick and the
// bus, over which workers show life, answered; or the document of a process that was showing life went away, which it
// takes out itself as its last act. No wall clock is compared with another, so neither an outage of the store or the
// bus nor a sleeping laptop nor a wrong clock expires a lease: after each of them the watch begins anew.
import type { Logger, Time, Timer } from "@agentspan/internal";
import type { Instance, InstanceStore, KeptInstances, SignOfLife } from "./ports.js";

export type Verdict = "alive" | "lost" | "disowned" | "undecided";

/** An incarnation, as this judge sees it. Times are monotonic milliseconds. */
interface Seen {
  readonly kind: Instance["kind"] | undefined;
  /** -1 where its document was never seen. */
  counter: number;
  /** From when on its silence counts. */
  since: number;
  /** When its counter was last seen to move; undefined where it never was. */
  moved: number | undefined;
  inHand: ReadonlySet<string>;
  /** When its document was first missed; undefined where it is there. */
  missing: number | undefined;
  /** It took its document out. */
  left: boolean;
  /** By the store's clock: for people, never judged by. */
  seenAt: number | undefined;
  /** What it did not list when it was asked for. */
  readonly asked: Map<string, Asked>;
}

interface Asked {
  /** When it was asked for first. */
  readonly at: number;
  /** The incarnation's counter by the first look that began after that; undefined until there was one. */
  counter: number | undefined;
}

export interface JudgeOptions {
  readonly store: Pick<InstanceStore, "readInstances">;
  readonly leaseMs: number;
  readonly pollMs: number;
  readonly log: Logger;
  readonly time: Time;
  /** Whether this process's own signs of life were stored quickly of late. */
  readonly ownWritesQuick: () => boolean;
  /** Whether the bus answers within the time: a worker cannot show life over one that does not. */
  readonly busAnswers: (withinMs: number) => Promise<boolean>;
}

/** Leases for which an incarnation without a document is remembered: whoever waits for its verdict asks within a few sweeps. */
const REMEMBERED_LEASES = 10;
/** Signs of life after which nobody asks any more for a thing that was asked for once. */
const ASKED_FOR = 100;

export class LeaseJudge {
  private readonly seen = new Map<string, Seen>();
  private lastPoll: number | undefined;
  private timer: Timer | undefined;
  private polling = false;
  private looked = false;
  /** By the store's clock. */
  private newestSeenAt = 0;

  constructor(private readonly options: JudgeOptions) {}

  start(): void {
    this.timer = this.options.time.every(this.options.pollMs, () => void this.poll()).unref();
  }

  stop(): void {
    this.timer?.cancel();
  }

  /** Looks at every instance once, unless a look is under way. */
  async poll(): Promise<void> {
    if (this.polling) return;
    this.polling = true;
    const { store, leaseMs, pollMs, time, ownWritesQuick, busAnswers, log } = this.options;
    const begun = time.monotonic();
    try {
      const [kept, carried] = await Promise.all([store.readInstances(), busAnswers(leaseMs / 4)]);
      const now = time.monotonic();
      const late = this.lastPoll !== undefined && now - this.lastPoll > Math.max(3 * pollMs, leaseMs / 2);
      if (late || now - begun > leaseMs / 4 || !ownWritesQuick() || !carried) this.beginAnew();
      this.look(kept, { begun, now });
      this.lastPoll = now;
    } catch (thrown) {
      log.warn({ err: thrown }, "Instances could not be read: no lease is judged until they can");
      this.beginAnew();
    } finally {
      this.polling = false;
    }
  }

  /** Whether an incarnation holds a thing (a nonce, or the key of a model call). */
  verdict(incarnation: string, thing: string): Verdict {
    const now = this.options.time.monotonic();
    const seen = this.seen.get(incarnation);
    if (seen === undefined) {
      // Never seen: its document may be on its way, so it has a lease to appear in.
      this.seen.set(incarnation, unseen(now));
      return "undecided";
    }
    if (seen.left) return "lost";
    if (now - seen.since >= this.options.leaseMs && this.watchedUntil(now)) return "lost";
    if (seen.missing !== undefined || seen.counter < 0) return "undecided";
    if (seen.inHand.has(thing)) {
      seen.asked.delete(thing);
      return "alive";
    }
    const asked = seen.asked.get(thing);
    if (asked === undefined) {
      // What is known of it may be of before the claim, where looks are slow: the next look counts.
      seen.asked.set(thing, { at: now, counter: undefined });
      return "undecided";
    }
    // A sign of life that was composed before the claim may be stored after it; the second one after it was not.
    if (asked.counter === undefined || seen.counter < asked.counter + 2) return "undecided";
    seen.asked.delete(thing);
    return "disowned";
  }

  /**
   * Whether an orchestrator holds a model call. Its document is there before it takes anything, so where a look after
   * the question finds none it is gone; and a model call that is made twice does no harm.
   */
  holderVerdict(orchestratorId: string, key: string): Verdict {
    const known = this.seen.get(orchestratorId);
    return known?.missing === undefined ? this.verdict(orchestratorId, key) : "lost";
  }

  /** Milliseconds until the lease of an incarnation would end if it showed no more life. */
  leaseLeftMs(incarnation: string): number {
    const { leaseMs, time } = this.options;
    const seen = this.seen.get(incarnation);
    return seen === undefined ? leaseMs : Math.max(0, leaseMs - (time.monotonic() - seen.since));
  }

  /**
   * The orchestrators that seem to live, for whoever shares work with them. One that has just started has not watched
   * anybody yet: it counts those whose last sign of life is, by the store's clock, within a lease of the newest of all.
   */
  liveOrchestrators(): readonly string[] {
    const { leaseMs, time } = this.options;
    const after = time.monotonic() - leaseMs;
    return [...this.seen].flatMap(([incarnation, { kind, since, missing, seenAt }]) => {
      const silent = since <= after || (seenAt !== undefined && seenAt <= this.newestSeenAt - leaseMs);
      return kind === "orchestrator" && missing === undefined && !silent ? [incarnation] : [];
    });
  }

  /** When an incarnation last showed life, by the store's clock; undefined where it was never seen here. */
  lastHeartbeatAt(incarnation: string): number | undefined {
    return this.seen.get(incarnation)?.seenAt;
  }

  /** What cannot be read shows no life, and has not left either. */
  private look({ instances, unreadable }: KeptInstances, when: { readonly begun: number; readonly now: number }): void {
    const { now } = when;
    const first = !this.looked;
    this.looked = true;
    const present = new Set(unreadable);
    this.newestSeenAt = instances.reduce((newest, { seenAt = 0 }) => Math.max(newest, seenAt), 0);
    for (const incarnation of unreadable) {
      const seen = this.seen.get(incarnation) ?? unseen(now);
      seen.missing = undefined;
      this.seen.set(incarnation, seen);
    }
    for (const instance of instances) {
      present.add(instance.incarnation);
      this.note(instance, when, first);
    }
    for (const [incarnation, seen] of this.seen) {
      if (present.has(incarnation)) continue;
      if (seen.missing === undefined) {
        seen.missing = now;
        // One that had been silent for long was tidied away, and may still be there: its silence goes on.
        seen.left = seen.moved !== undefined && now - seen.moved < this.options.leaseMs;
      } else if (now - seen.missing > REMEMBERED_LEASES * this.options.leaseMs) {
        this.seen.delete(incarnation);
      }
    }
  }

  private note(
    { incarnation, kind, counter, inHand, seenAt }: SignOfLife,
    { begun, now }: { readonly begun: number; readonly now: number },
    first: boolean,
  ): void {
    const before = this.seen.get(incarnation);
    const known = before !== undefined && before.missing === undefined;
    const moves = known ? before.counter !== counter : !first;
    const asked = before?.asked ?? new Map<string, Asked>();
    for (const [thing, question] of asked) {
      if (question.counter === undefined && question.at <= begun) question.counter = counter;
      else if (question.counter !== undefined && counter > question.counter + ASKED_FOR) asked.delete(thing);
    }
    this.seen.set(incarnation, {
      kind,
      counter,
      since: known && !moves ? before.since : now,
      moved: moves ? now : before?.moved,
      inHand: new Set(inHand),
      missing: undefined,
      left: false,
      seenAt,
      asked,
    });
  }

  /** A silence counts only while this judge was looking. */
  private watchedUntil(now: number): boolean {
    return this.lastPoll !== undefined && now - this.lastPoll <= 3 * this.options.pollMs;
  }

  private beginAnew(): void {
    const now = this.options.time.monotonic();
    for (const seen of this.seen.values()) seen.since = now;
    this.lastPoll = now;
  }
}

function unseen(now: number): Seen {
  return {
    kind: undefined,
    counter: -1,
    since: now,
    moved: undefined,
    inHand: new Set(),
    missing: undefined,
    left: false,
    seenAt: undefined,
    asked: new Map(),
  };
}
