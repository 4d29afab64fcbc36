// The hints of one (namespace, queue, tool) in the memory broker, in order, and the pulls that wait for them.
import type { Time, Timer } from "@agentspan/internal";

/** A hint as a worker gets it. Not acknowledged within the broker's wait, it is delivered again. */
export interface Delivery {
  readonly subject: string;
  readonly data: Uint8Array;
  /** 1 for the first delivery. */
  readonly deliveries: number;
  ack(): void;
  /** Lets it be delivered again, after so many milliseconds; at once unless said. */
  giveBack(afterMs?: number): void;
  /** Somebody is still at it: the broker's wait begins anew. */
  working(): void;
}

interface Stored {
  readonly subject: string;
  readonly data: Uint8Array;
  deliveries: number;
}

interface Pull {
  resolve(delivery: Delivery | undefined): void;
}

export class MemoryLine {
  readonly #ready = new Map<string, Stored>();
  /** By subject, the earliest due first: every wait is equally long. */
  readonly #delivered = new Map<string, { readonly stored: Stored; readonly due: number }>();
  /** Given back, and to be delivered again later. */
  readonly #resting = new Map<string, Timer>();
  readonly #pulls = new Set<Pull>();
  #timer: Timer | undefined;

  constructor(
    private readonly options: { readonly ackWaitMs: number; readonly time: Time },
    private readonly onRemoved: () => void,
  ) {}

  has(subject: string): boolean {
    return this.#ready.has(subject) || this.#delivered.has(subject) || this.#resting.has(subject);
  }

  get size(): number {
    return this.#ready.size + this.#delivered.size + this.#resting.size;
  }

  put(subject: string, data: Uint8Array): void {
    this.#ready.set(subject, { subject, data, deliveries: 0 });
    this.#hand();
  }

  remove(subject: string): void {
    this.#resting.get(subject)?.cancel();
    const places = [this.#ready, this.#delivered, this.#resting];
    if (places.some((place) => place.delete(subject))) this.onRemoved();
  }

  removeAll(matches: (subject: string) => boolean): void {
    const subjects = [...this.#ready.keys(), ...this.#delivered.keys(), ...this.#resting.keys()];
    for (const subject of subjects) if (matches(subject)) this.remove(subject);
  }

  /** The next hint; undefined where none comes in time, or the pull is cancelled. */
  pull(expiresMs: number, signal?: AbortSignal): Promise<Delivery | undefined> {
    return new Promise((resolve) => {
      const end = (delivery: Delivery | undefined) => {
        expiry.cancel();
        signal?.removeEventListener("abort", cancel);
        this.#pulls.delete(pull);
        resolve(delivery);
      };
      const cancel = () => end(undefined);
      const pull: Pull = { resolve: end };
      const expiry = this.options.time.after(expiresMs, cancel);
      if (signal?.aborted === true) {
        cancel();
        return;
      }
      signal?.addEventListener("abort", cancel);
      this.#pulls.add(pull);
      this.#hand();
    });
  }

  /** Loses every hint without a word, as a broker that lost its store does. */
  lose(): void {
    for (const timer of this.#resting.values()) timer.cancel();
    for (const place of [this.#ready, this.#delivered, this.#resting]) place.clear();
  }

  /** Ends every waiting pull with nothing, as a broker that goes away does. */
  dismiss(): void {
    for (const pull of [...this.#pulls]) pull.resolve(undefined);
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #hand(): void {
    this.#takeBackOverdue();
    for (const pull of [...this.#pulls]) {
      const [next] = this.#ready.values();
      if (next === undefined) break;
      this.#ready.delete(next.subject);
      next.deliveries += 1;
      this.#waitFor(next);
      const { subject, data, deliveries } = next;
      pull.resolve({
        ...{ subject, data, deliveries },
        ack: () => this.remove(subject),
        giveBack: (afterMs = 0) => this.#giveBack(subject, afterMs),
        working: () => this.#goOnWaiting(subject),
      });
    }
    this.#watch();
  }

  #waitFor(stored: Stored): void {
    const { time, ackWaitMs } = this.options;
    this.#delivered.set(stored.subject, { stored, due: time.monotonic() + ackWaitMs });
  }

  #goOnWaiting(subject: string): void {
    const delivered = this.#delivered.get(subject);
    if (delivered === undefined) return;
    this.#delivered.delete(subject);
    this.#waitFor(delivered.stored);
    this.#watch();
  }

  #giveBack(subject: string, afterMs: number): void {
    const delivered = this.#delivered.get(subject);
    if (delivered === undefined) return;
    this.#delivered.delete(subject);
    const bringBack = () => {
      this.#resting.delete(subject);
      this.#ready.set(subject, delivered.stored);
      this.#hand();
    };
    if (afterMs > 0) this.#resting.set(subject, this.options.time.after(afterMs, bringBack).unref());
    else bringBack();
  }

  #takeBackOverdue(): void {
    const now = this.options.time.monotonic();
    for (const [subject, { stored, due }] of this.#delivered) {
      if (due > now) return;
      this.#delivered.delete(subject);
      this.#ready.set(subject, stored);
    }
  }

  /** A timer only while somebody waits and something may come back. */
  #watch(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    const [earliest] = this.#delivered.values();
    if (this.#pulls.size === 0 || earliest === undefined) return;
    const { time } = this.options;
    this.#timer = time.after(Math.max(1, earliest.due - time.monotonic()), () => this.#hand());
  }
}
