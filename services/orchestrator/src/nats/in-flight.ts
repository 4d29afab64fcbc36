// Bounds what is on its way to the broker: beyond it callers wait in order, and beyond that they are refused.
import { AgentspanError } from "@agentspan/internal";

export class InFlight {
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(
    private readonly most: number,
    private readonly mostWaiting: number,
  ) {}

  /** Runs the work when there is room. Rejects with BUS_UNAVAILABLE where too many wait already. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running < this.most) this.#running += 1;
    else await this.#turn();
    try {
      return await work();
    } finally {
      // The room goes straight to the next, so that nobody slips in between.
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }

  #turn(): Promise<void> {
    if (this.#waiting.length >= this.mostWaiting) {
      const text = `${this.most + this.mostWaiting} messages are on their way to NATS already. Try again.`;
      throw new AgentspanError("BUS_UNAVAILABLE", text, { retryAfterMs: 1_000 });
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}
