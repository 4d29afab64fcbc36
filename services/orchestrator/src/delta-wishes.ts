// Runs whose text somebody wants in pieces. Streaming a reply costs more than taking it whole, so it is done only for
// these; a wish lapses unless it is repeated.
import { DELTA_WISH_MS } from "@agentspan/internal";

const MOST_WISHES = 10_000;

export class DeltaWishes {
  /** Until when, monotonic milliseconds, by run; the oldest wish first. */
  private readonly until = new Map<string, number>();

  constructor(private readonly monotonic: () => number) {}

  wish(namespace: string, runId: string): void {
    const key = `${namespace}/${runId}`;
    this.until.delete(key);
    this.until.set(key, this.monotonic() + DELTA_WISH_MS);
    const now = this.monotonic();
    for (const [oldest, until] of this.until) {
      if (until > now && this.until.size <= MOST_WISHES) break;
      this.until.delete(oldest);
    }
  }

  wants(namespace: string, runId: string): boolean {
    return (this.until.get(`${namespace}/${runId}`) ?? 0) > this.monotonic();
  }
}
