// What a sweeper remembers of runs from one sweep to the next: of those that could not be swept, when to try again; and
// of those for which there was nothing to do, that it was so.

/** A run that cannot be swept is left alone for this long, doubling up to the limit. Milliseconds. */
const FIRST_REST_MS = 1_000;
const LONGEST_REST_MS = 5 * 60_000;
/** More than these are not remembered: they are tried again at once. */
const MOST_NOTES = 10_000;

interface Note {
  /** Monotonic milliseconds; 0 where it does not rest. */
  readonly restsUntil: number;
  readonly failures: number;
  /** The version at which nothing was to be done although it was due. */
  readonly idleAt?: number;
}

export class SweepNotes {
  private readonly notes = new Map<string, Note>();

  constructor(private readonly monotonic: () => number) {}

  /** How many are remembered; they may all be due still. */
  get size(): number {
    return this.notes.size;
  }

  rests(runId: string): boolean {
    return (this.notes.get(runId)?.restsUntil ?? 0) > this.monotonic();
  }

  /** It was looked after. */
  done(runId: string): void {
    this.notes.delete(runId);
  }

  /** It could not be swept. Where that may pass by itself it does not rest longer each time. Gives the milliseconds. */
  failed(runId: string, mayPass: boolean): { readonly restMs: number; readonly failures: number } {
    const failures = mayPass ? 1 : (this.notes.get(runId)?.failures ?? 0) + 1;
    const restMs = Math.min(FIRST_REST_MS * 2 ** (failures - 1), LONGEST_REST_MS);
    this.put(runId, { restsUntil: this.monotonic() + restMs, failures });
    return { restMs, failures };
  }

  /** Nothing was to be done for it. True where that was so at this very version before. */
  idle(runId: string, version: number): boolean {
    const again = this.notes.get(runId)?.idleAt === version;
    this.put(runId, { restsUntil: 0, failures: 0, idleAt: version });
    return again;
  }

  /** Forgets what is due no more, where `due` is all that is. */
  keepOnly(due: ReadonlySet<string>): void {
    for (const runId of this.notes.keys()) if (!due.has(runId)) this.notes.delete(runId);
  }

  private put(runId: string, note: Note): void {
    this.notes.delete(runId);
    this.notes.set(runId, note);
    const [oldest] = this.notes.keys();
    if (this.notes.size > MOST_NOTES && oldest !== undefined) this.notes.delete(oldest);
  }
}
