/** Which orchestrator answered last for a run, of the runs used last. A hint: nothing depends on it being right. */
export class RunAffinity {
  readonly #orchestrators = new Map<string, string>();
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  get(runId: string): string | undefined {
    return this.#orchestrators.get(runId);
  }

  set(runId: string, orchestratorId: string): void {
    // A Map keeps the order of insertion, so the first key is the one that was used longest ago.
    this.#orchestrators.delete(runId);
    this.#orchestrators.set(runId, orchestratorId);
    if (this.#orchestrators.size <= this.#most) return;
    const oldest = this.#orchestrators.keys().next();
    if (!oldest.done) this.#orchestrators.delete(oldest.value);
  }

  forget(runId: string): void {
    this.#orchestrators.delete(runId);
  }
}
