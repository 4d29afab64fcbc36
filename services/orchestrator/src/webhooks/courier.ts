// Sends deliveries that are due. Every orchestrator does, and one of them takes each: for a while, after which another may,
// so that one that dies is sent again. A message may arrive twice, with the same id, and in no promised order.
import {
  AgentspanError,
  faultPoint,
  type Logger,
  type Signing,
  sleep,
  systemTime,
  type Time,
  type Timer,
} from "@agentspan/internal";
import type { Clock } from "../clock.js";
import type { Meter } from "../meter.js";
import type { AttemptEnd, Channel, Delivery, DueDelivery, SendEnd, Webhook, WebhookStore } from "../ports.js";
import { isUnreadable } from "../unreadable-rows.js";
import { retryAfter } from "./retries.js";
import { deliveryProblem, webhookProblem } from "./seals.js";

export interface CourierOptions {
  readonly store: WebhookStore;
  readonly channel: Channel;
  readonly clock: Clock;
  readonly signing: Signing | undefined;
  readonly meter?: Pick<Meter, "posted"> | undefined;
  readonly log: Logger;
  /** A webhook's receiver wants nothing more. */
  readonly stopped: () => void;
  readonly time?: Time | undefined;
  /** Between two looks, milliseconds; 1,000 unless said. */
  readonly intervalMs?: number;
}

/** How long a delivery is another's for whom it was taken: longer than a post may last. */
const TAKEN_MS = 30_000;
/** On their way at once, of all webhooks and of one: a slow receiver holds up no other. */
const MOST_AT_ONCE = 64;
const MOST_OF_ONE = 8;
/** For what is on its way when the process stops. */
const GRACE_MS = 3_000;

const OUTCOMES = { DELIVERED: "delivered", PENDING: "failed", DEAD: "dead" } as const;

export class Courier {
  /** What is on its way, by delivery. */
  private readonly inHand = new Map<string, { readonly webhookId: string; readonly sending: Promise<void> }>();
  private timer: Timer | undefined;
  private looking: Promise<void> | undefined;
  private again = false;
  private busy = false;
  private stopping = false;

  constructor(private readonly options: CourierOptions) {}

  start(): void {
    const { time = systemTime, intervalMs = 1_000 } = this.options;
    this.timer = time.every(intervalMs, () => (this.busy ? this.nudge() : undefined)).unref();
  }

  /** Whether there is anybody to send to: only then is it looked for what is due. */
  setBusy(busy: boolean): void {
    this.busy = busy;
  }

  async stop(): Promise<void> {
    this.stopping = true;
    this.timer?.cancel();
    await this.looking;
    const ended = Promise.all([...this.inHand.values()].map(({ sending }) => sending));
    await Promise.race([ended, sleep(this.options.time ?? systemTime, GRACE_MS)]);
    await this.options.channel.close();
    await ended;
  }

  /** Begins at once what was stored just now, as far as there is room; what has none is found by looking. */
  offer(deliveries: readonly Delivery[]): void {
    const counts = this.counts();
    for (const delivery of deliveries) {
      if (this.stopping || this.inHand.size >= MOST_AT_ONCE || !this.counted(delivery, counts)) this.nudge();
      else this.begin(delivery);
    }
  }

  /** Looks for what is due, now or right after the look that is going on. */
  nudge(): void {
    if (this.stopping) return;
    this.again = true;
    this.looking ??= this.lookUntilDone().finally(() => {
      this.looking = undefined;
    });
  }

  private async lookUntilDone(): Promise<void> {
    while (this.again && !this.stopping) {
      this.again = false;
      try {
        await this.look();
      } catch (thrown) {
        const { reason } = AgentspanError.from(thrown);
        this.options.log.warn({ reason }, "Deliveries could not be looked for; they will be");
      }
    }
  }

  private async look(): Promise<void> {
    const { store, clock } = this.options;
    const free = MOST_AT_ONCE - this.inHand.size;
    if (free <= 0) return;
    const counts = this.counts();
    const full = [...counts].flatMap(([webhookId, count]) => (count >= MOST_OF_ONE ? [webhookId] : []));
    const due = await store.dueDeliveries(Math.floor(clock.now()), free, full);
    // Others may have been begun meanwhile.
    const now = this.counts();
    const chosen = due.filter((one) => this.inHand.size < MOST_AT_ONCE && this.counted(one, now));
    for (const one of chosen) this.begin(one);
    // There may be more, of others than those that are full now.
    if (chosen.length > 0 && due.length === free) this.again = true;
  }

  /** How many are on their way to each webhook. */
  private counts(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const { webhookId } of this.inHand.values()) counts.set(webhookId, (counts.get(webhookId) ?? 0) + 1);
    return counts;
  }

  /** Whether it is to be begun here: it is counted then. */
  private counted({ deliveryId, webhookId }: DueDelivery, counts: Map<string, number>): boolean {
    const count = counts.get(webhookId) ?? 0;
    if (count >= MOST_OF_ONE || this.inHand.has(deliveryId)) return false;
    counts.set(webhookId, count + 1);
    return true;
  }

  private begin(due: DueDelivery | Delivery): void {
    const sending = this.takeAndSend(due)
      .catch((thrown) => {
        const error = AgentspanError.from(thrown);
        this.options.log.warn(
          { deliveryId: due.deliveryId, reason: error.reason, err: error.cause },
          "What became of a delivery could not be stored; it is sent again",
        );
      })
      .finally(() => {
        this.inHand.delete(due.deliveryId);
        // There is room again.
        this.nudge();
      });
    this.inHand.set(due.deliveryId, { webhookId: due.webhookId, sending });
  }

  /** Unless another has taken it. What is sent is read, where it is not at hand; its webhook is each time. */
  private async takeAndSend(due: DueDelivery | Delivery): Promise<void> {
    const { store, channel, clock } = this.options;
    const { deliveryId, webhookId } = due;
    const attempts = due.attempts + 1;
    const now = Math.floor(clock.now());
    const [taken, read] = await Promise.all([
      store.takeDelivery(due, now, now + TAKEN_MS),
      Promise.all(["body" in due ? due : store.getDelivery(deliveryId), store.getWebhook(webhookId)]).catch(
        unlessUnreadable,
      ),
    ]);
    if (!taken) return;
    if (read === undefined) {
      const lastError = "its row in the database, or that of its webhook, cannot be read";
      return store.endAttempt(deliveryId, attempts, this.dead({ lastError }));
    }
    const [delivery, webhook] = read;
    if (delivery === undefined) return;
    const problem = this.problem(delivery, webhook);
    if (problem !== undefined || webhook === undefined) {
      return store.endAttempt(deliveryId, attempts, this.dead({ lastError: problem ?? "its webhook is gone" }));
    }
    faultPoint("orchestrator.before-post");
    const end = await channel.send(webhook, { ...delivery, attempts: due.attempts });
    faultPoint("orchestrator.after-post");
    // Given up, and not failed: another takes it.
    if (this.stopping && end.kind === "failed" && end.status === undefined) return this.handBack(deliveryId, attempts);
    const become = this.endOf(end, attempts, delivery);
    await store.endAttempt(deliveryId, attempts, become);
    if (end.kind !== "waits") this.options.meter?.posted(OUTCOMES[become.state]);
    if (end.kind === "failed" && end.final === "webhook") {
      const { why } = end;
      await store.stopWebhook(webhookId, { at: Math.floor(clock.now()), why });
      this.options.log.warn({ webhookId, why }, "A webhook is stopped");
      this.options.stopped();
    }
  }

  private problem(delivery: Delivery, webhook: Webhook | undefined): string | undefined {
    const { signing, log } = this.options;
    if (webhook === undefined) return "its webhook is gone";
    if (webhook.stopped !== undefined) return `its webhook is stopped, because ${webhook.stopped.why}`;
    const problem =
      webhookProblem(webhook, signing) ??
      deliveryProblem(delivery, signing) ??
      (webhook.namespace === delivery.namespace ? undefined : "it is of another namespace than its webhook");
    if (problem === undefined) return undefined;
    log.error({ deliveryId: delivery.deliveryId, problem }, "A stored delivery is not believed, and is not sent");
    return `it is not believed, because ${problem}`;
  }

  private endOf(end: SendEnd, attempts: number, { attemptsBefore }: Delivery): AttemptEnd {
    const now = Math.floor(this.options.clock.now());
    if (end.kind === "waits") {
      return { state: "PENDING", dueAt: now + Math.floor(end.forMs), attemptsBefore: attemptsBefore + 1 };
    }
    const status = end.status === undefined ? {} : { lastStatus: end.status };
    if (end.kind === "taken") {
      const receipt = end.receipt === undefined ? {} : { receipt: end.receipt };
      return { state: "DELIVERED", endedAt: now, ...status, ...receipt };
    }
    const said = { ...status, lastError: end.why };
    if (end.final !== undefined) return this.dead(said);
    const delay = retryAfter(attempts - attemptsBefore, Math.random(), end.retryAfterMs);
    return delay === undefined ? this.dead(said) : { state: "PENDING", dueAt: Math.floor(now + delay), ...said };
  }

  private dead(said: Pick<AttemptEnd, "lastStatus" | "lastError">): AttemptEnd {
    return { state: "DEAD", endedAt: Math.floor(this.options.clock.now()), ...said };
  }

  private handBack(deliveryId: string, attempts: number): Promise<void> {
    const dueAt = Math.floor(this.options.clock.now());
    return this.options.store.endAttempt(deliveryId, attempts, { state: "PENDING", dueAt });
  }
}

/** Nobody can send it, and the log says why. */
function unlessUnreadable(thrown: unknown): undefined {
  if (!isUnreadable(thrown)) throw thrown;
}
