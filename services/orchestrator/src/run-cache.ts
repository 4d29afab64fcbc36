// Runs this process saw last. A cached run may be older than the stored one: it may serve to accept a command, since
// the write is guarded by its version, but never to refuse one.
import type { StoredRun } from "./ports.js";

export class RunCache {
  private readonly runs = new Map<string, StoredRun>();
  private bytes = 0;

  constructor(
    private readonly mostRuns = 512,
    private readonly mostBytes = 16 * 1024 * 1024,
  ) {}

  get(runId: string): StoredRun | undefined {
    const run = this.runs.get(runId);
    if (run !== undefined) {
      this.runs.delete(runId);
      this.runs.set(runId, run);
    }
    return run;
  }

  set(stored: StoredRun): void {
    const { runId } = stored.run;
    this.delete(runId);
    this.runs.set(runId, stored);
    this.bytes += stored.inlineBytes;
    for (const [oldest] of this.runs) {
      if (this.runs.size <= this.mostRuns && this.bytes <= this.mostBytes) break;
      this.delete(oldest);
    }
  }

  delete(runId: string): void {
    this.bytes -= this.runs.get(runId)?.inlineBytes ?? 0;
    this.runs.delete(runId);
  }
}
