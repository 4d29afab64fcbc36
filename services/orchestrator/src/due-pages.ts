// Walks through the runs that are due in a time to come, page by page. Their times may be moved meanwhile, and many may
// be due at one instant: a page begins at the instant at which the one before ended, without those that it had.
import type { DueRun } from "./ports.js";

export class DuePages {
  ended = false;
  limit: number;
  private had: ReadonlySet<string> = new Set();

  constructor(
    public from: number,
    private readonly size: number,
    /** Of more that are due at one instant the rest is passed over. */
    private readonly most: number,
  ) {
    this.limit = size;
  }

  /** Takes what was found from `from` on, of at most `limit`; gives what is new of it. */
  take(found: readonly DueRun[]): readonly DueRun[] {
    const fresh = found.filter(({ runId }) => !this.had.has(runId));
    const last = found.at(-1)?.wakeAt ?? this.from;
    this.ended = found.length < this.limit;
    if (fresh.length === 0) {
      this.from = last + 1;
      this.had = new Set();
    } else {
      const atLast = found.filter(({ wakeAt }) => wakeAt === last).map(({ runId }) => runId);
      this.had = new Set(last === this.from ? [...this.had, ...atLast] : atLast);
      this.from = last;
    }
    this.limit = Math.min(this.had.size + this.size, this.most);
    return fresh;
  }
}
