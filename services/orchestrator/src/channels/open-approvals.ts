// Whether somebody is still to decide what a message asks for.
import type { RunStore } from "../ports.js";

export class OpenApprovals {
  constructor(private readonly store: Pick<RunStore, "load">) {}

  async isOpen(runId: string, approvalId: string | undefined): Promise<boolean> {
    const checkpoint = (await this.store.load(runId, "majority"))?.run.checkpoints[approvalId ?? ""];
    return checkpoint !== undefined && checkpoint.closed === undefined;
  }
}
