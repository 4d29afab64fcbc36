// The hints of one (namespace, queue, tool) in the memory broker, in order, and the pulls that wait for them.

/** A hint as a worker gets it. Not acknowledged within the broker's wait, it is delivered again. */
export interface Delivery {
  readonly subject: string;
  readonly data: Uint8Array;
  /** 1 for the first delivery. */
  readonly deliveries: number;
  ack(): void;
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
  readonly #pulls = new Set<Pull>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly ackWaitMs: number,
    private readonly onRemoved: () => void,
  ) {}

  has(subject: string): boolean {
    return this.#ready.has(subject) || this.#delivered.has(subject);
  }

  put(subject: string, data: Uint8Array): void {
    this.#ready.set(subject, { subject, data, deliveries: 0 });
    this.#hand();
  }

  remove(subject: string): void {
    if (this.#ready.delete(subject) || this.#delivered.delete(subject)) this.onRemoved();
  }

  removeAll(matches: (subject: string) => boolean): void {
    for (const subject of [...this.#ready.keys(), ...this.#delivered.keys()])
      if (matches(subject)) this.remove(subject);
  }

  /** The next hint; undefined where none comes in time, or the pull is cancelled. */
  pull(expiresMs: number, signal?: AbortSignal): Promise<Delivery | undefined> {
    return new Promise((resolve) => {
      const end = (delivery: Delivery | undefined) => {
        clearTimeout(expiry);
        signal?.removeEventListener("abort", cancel);
        this.#pulls.delete(pull);
        resolve(delivery);
      };
      const cancel = () => end(undefined);
      const pull: Pull = { resolve: end };
      const expiry = setTimeout(cancel, expiresMs);
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
    this.#ready.clear();
    this.#delivered.clear();
  }

  /** Ends every waiting pull with nothing, as a broker that goes away does. */
  dismiss(): void {
    for (const pull of [...this.#pulls]) pull.resolve(undefined);
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #hand(): void {
    this.#takeBackOverdue();
    for (const pull of [...this.#pulls]) {
      const [next] = this.#ready.values();
      if (next === undefined) break;
      this.#ready.delete(next.subject);
      next.deliveries += 1;
      this.#delivered.set(next.subject, { stored: next, due: performance.now() + this.ackWaitMs });
      const { subject, data, deliveries } = next;
      pull.resolve({ subject, data, deliveries, ack: () => this.remove(subject) });
    }
    this.#watch();
  }

  #takeBackOverdue(): void {
    const now = performance.now();
    for (const [subject, { stored, due }] of this.#delivered) {
      if (due > now) return;
      this.#delivered.delete(subject);
      this.#ready.set(subject, stored);
    }
  }

  /** A timer only while somebody waits and something may come back. */
  #watch(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const [earliest] = this.#delivered.values();
    if (this.#pulls.size === 0 || earliest === undefined) return;
    this.#timer = setTimeout(() => this.#hand(), Math.max(1, earliest.due - performance.now()));
  }
}
