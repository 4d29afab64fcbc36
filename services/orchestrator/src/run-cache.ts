// Runs this process saw last. A cached run may be older than the stored one: it may serve to accept a command, since
// the write is guarded by its version, but never to refuse one.
import type { StoredRun } from "./ports.js";

interface Kept {
  readonly stored: StoredRun;
  readonly bytes: number;
}

export class RunCache {
  private readonly runs = new Map<string, Kept>();
  private bytes = 0;

  constructor(
    private readonly mostRuns = 512,
    private readonly mostBytes = 16 * 1024 * 1024,
  ) {}

  get(runId: string): StoredRun | undefined {
    const kept = this.runs.get(runId);
    if (kept !== undefined) {
      this.runs.delete(runId);
      this.runs.set(runId, kept);
    }
    return kept?.stored;
  }

  has(runId: string): boolean {
    return this.runs.has(runId);
  }

  set(stored: StoredRun): void {
    const { runId } = stored.run;
    this.delete(runId);
    const bytes = weightOf(stored);
    this.runs.set(runId, { stored, bytes });
    this.bytes += bytes;
    for (const [oldest] of this.runs) {
      if (this.runs.size <= this.mostRuns && this.bytes <= this.mostBytes) break;
      this.delete(oldest);
    }
  }

  delete(runId: string): void {
    this.bytes -= this.runs.get(runId)?.bytes ?? 0;
    this.runs.delete(runId);
  }
}

/** Of what a run remembers only the lists grow: about so many bytes for each entry. */
const BYTES_OF_ENTRY = 512;

function weightOf({ run, inlineBytes }: StoredRun): number {
  const lists = [run.checkpoints, run.acts, run.pastCalls].map((list) => Object.keys(list).length);
  return inlineBytes + BYTES_OF_ENTRY * lists.reduce((sum, length) => sum + length, run.turn.calls.length);
}
