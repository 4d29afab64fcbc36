// How long checks of values may take, of which each holds up everybody whom this process serves. One may take its time; where
// many run out of it, as somebody may have arranged, each gets less, and all together take no more than a moment a minute.

/** Milliseconds that one check may take, at most and at least. */
const MOST_MS = 200;
const LEAST_MS = 10;
/** Milliseconds that checks which run out of time may take together, and in how many it is all there again. */
const TOGETHER_MS = 1_000;
const REFILL_MS = 60_000;

export class CheckTime {
  private left = TOGETHER_MS;
  private at: number;

  /** A monotonic clock, milliseconds. */
  constructor(private readonly now: () => number = () => performance.now()) {
    this.at = this.now();
  }

  /** Whole milliseconds that the next one may take. */
  limit(): number {
    this.refill();
    return Math.round(Math.min(MOST_MS, Math.max(LEAST_MS, this.left / 2)));
  }

  /** One ran out of time, after so many milliseconds. */
  spent(ms: number): void {
    this.refill();
    this.left = Math.max(0, this.left - ms);
  }

  private refill(): void {
    const now = this.now();
    this.left = Math.min(TOGETHER_MS, this.left + ((now - this.at) * TOGETHER_MS) / REFILL_MS);
    this.at = now;
  }
}

/** For how long nothing is checked by a schema by which a check ran out of time, milliseconds. */
export const REST_MS = REFILL_MS;
