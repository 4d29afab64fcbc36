import type { RunError, RunOutput, RunState, RunStatus, Usage } from "./run-status.js";

/** What became of a run that has ended. Look at `isSuccess` or `error` before trusting `output`. */
export interface AgentResult {
  readonly runId: string;
  readonly executionId: string;
  readonly state: RunState;
  /** The state is COMPLETED. */
  readonly isSuccess: boolean;
  /** Empty where the run did not complete. */
  readonly output: RunOutput;
  readonly error: RunError | undefined;
  readonly usage: Usage;
}

export function agentResultOf(status: RunStatus): AgentResult {
  const { runId, executionId, state, output, error, usage } = status;
  return { runId, executionId, state, isSuccess: state === "COMPLETED", output, error, usage };
}
