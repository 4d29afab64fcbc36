// Tells webhooks what happens in runs: derives from each run's stored events what it owes them, and stores it to be sent.
//
// 1. A run has committed its events before there is a delivery of them, so none tells of what did not happen; and whoever
//    dies in between leaves events from which another derives the same deliveries (run-follower.ts).
// 2. A commit is a hint: what it owes is stored at once by whoever made it, and looking is only the net below.
// 3. Where nobody is to be told, nothing is looked for.
import { AgentspanError, faultPoint, type Logger, type Signing, type Time } from "@agentspan/internal";
import type { Clock } from "../clock.js";
import type { Committed } from "../engine.js";
import type { History } from "../history.js";
import type { Meter } from "../meter.js";
import type { Channel, Delivery, Store, StoredRun } from "../ports.js";
import { type Followed, RunFollower } from "../run-follower.js";
import { Courier } from "./courier.js";
import { deliveriesOf } from "./deliveries-of.js";
import { WebhookDirectory } from "./directory.js";
import { isTold, newlyTold, toldEvents } from "./told-events.js";

export interface NotifierOptions {
  readonly store: Store;
  readonly history: History;
  readonly channel: Channel;
  readonly clock: Clock;
  readonly orchestratorId: string;
  readonly orchestrators: () => readonly string[];
  readonly signing: Signing | undefined;
  readonly meter?: Pick<Meter, "posted"> | undefined;
  readonly log: Logger;
  readonly time?: Time | undefined;
}

/** Deliveries that have ended are kept so long, and what happened before then is told no more. */
const KEPT_MS = 30 * 24 * 60 * 60_000;
const FORGET_EVERY_MS = 60 * 60_000;
/** How often it is asked whether there is anybody to be told, where there was nobody. */
const NOBODY_MS = 5_000;
const MOST_REMEMBERED = 50_000;

export class Notifier {
  private readonly directory: WebhookDirectory;
  private readonly follower: RunFollower<Delivery>;
  private readonly courier: Courier;
  /** Ids of deliveries that this process knows to be stored. */
  private readonly stored = new Set<string>();
  private readonly telling = new Set<Promise<void>>();
  private askedAt = Number.NEGATIVE_INFINITY;
  private forgotAt = Number.NEGATIVE_INFINITY;

  constructor(private readonly options: NotifierOptions) {
    this.directory = new WebhookDirectory(options);
    this.follower = new RunFollower(this.followed(), options);
    this.courier = new Courier({ ...options, stopped: () => void this.changed().catch(() => undefined) });
  }

  start(): void {
    this.follower.start();
    this.courier.start();
  }

  /** What was not stored or sent by then is by others, or by the next one that starts. */
  async stop(): Promise<void> {
    await this.follower.stop();
    await Promise.all(this.telling);
    await this.courier.stop();
  }

  /** Looks once, and resolves to how many deliveries were new. */
  look(): Promise<number> {
    return this.follower.look();
  }

  /** Something was committed here. Nobody waits for it, and it may fail: it is looked for anyway. */
  hint({ stored, events }: Committed): void {
    const first = events.find(({ fact }) => isTold(fact));
    if (first === undefined || this.directory.of(stored.run.namespace).length === 0) return;
    const telling = this.tell(stored, first.sequence - 1).catch((thrown) => {
      const { reason } = AgentspanError.from(thrown);
      this.options.log.warn({ runId: stored.run.runId, reason }, "Webhooks could not be told; they will be");
    });
    this.telling.add(telling);
    void telling.finally(() => this.telling.delete(telling));
  }

  /** Stores what is owed of a run, all of it, whoever's share it is, to the webhooks that are known here. */
  catchUp(stored: StoredRun): Promise<void> {
    return this.tell(stored, 0);
  }

  problem(url: string): Promise<string | undefined> {
    return this.options.channel.problem(url);
  }

  /** Webhooks were made, changed or taken away. */
  async changed(): Promise<void> {
    this.askedAt = this.options.clock.now();
    // What this process saw to lately was not told to those that are new.
    if (await this.directory.refresh()) this.follower.forgetSeen();
  }

  /** Something may be due to be sent. */
  due(): void {
    this.courier.nudge();
  }

  private async tell(stored: StoredRun, after: number): Promise<void> {
    await this.keep(await this.owed(stored, after, 0));
  }

  /** What is owed of what happened since a time, and is not known to be stored. */
  private async owed(stored: StoredRun, after: number, since: number): Promise<readonly Delivery[]> {
    const { history, signing, clock } = this.options;
    const { run } = stored;
    const webhooks = this.directory.of(run.namespace);
    if (webhooks.length === 0) return [];
    const inline = after > 0 || stored.chunks.length === 0 ? newlyTold(run, stored.events, after) : undefined;
    const told = inline ?? toldEvents(run, await history.after(stored, 0), after);
    const from = Math.max(since, clock.now() - KEPT_MS);
    return told
      .filter(({ at }) => at >= from)
      .flatMap((one) => deliveriesOf(run, one, webhooks, signing))
      .filter(({ deliveryId }) => !this.stored.has(deliveryId));
  }

  private async keep(deliveries: readonly Delivery[]): Promise<number> {
    if (deliveries.length === 0) return 0;
    faultPoint("orchestrator.before-deliveries");
    const taken = await this.options.store.putDeliveries(deliveries);
    faultPoint("orchestrator.after-deliveries");
    for (const { deliveryId } of deliveries) this.stored.add(deliveryId);
    for (const oldest of this.stored) {
      if (this.stored.size <= MOST_REMEMBERED) break;
      this.stored.delete(oldest);
    }
    this.courier.offer(deliveries.filter(({ deliveryId }) => !taken.has(deliveryId)));
    return deliveries.length - taken.size;
  }

  private followed(): Followed<Delivery> {
    const { store } = this.options;
    return {
      name: "webhook",
      ready: () => this.ready(),
      list: (since, limit) => store.listTellable(Math.max(since, this.directory.since), limit),
      readCursor: (share) => store.readTellCursor(share),
      moveCursor: (share, at) => store.moveTellCursor(share, at),
      derive: async (runId, since) => {
        const stored = await store.load(runId, "majority");
        return stored === undefined ? [] : this.owed(stored, 0, since);
      },
      keep: (deliveries) => this.keep(deliveries),
      says: {
        cannot: "Webhooks cannot be told of a run; it is tried again",
        later: "Webhooks could not be told; they will be",
      },
    };
  }

  /** Whether there is somebody to be told. */
  private async ready(): Promise<boolean> {
    const now = this.options.clock.now();
    if (!this.directory.any && now - this.askedAt < NOBODY_MS) return false;
    await this.changed();
    this.courier.setBusy(this.directory.anyKept);
    if (this.directory.anyKept && now - this.forgotAt >= FORGET_EVERY_MS) {
      await this.options.store.forgetDeliveries(now - KEPT_MS);
      this.forgotAt = now;
    }
    return this.directory.any;
  }
}
