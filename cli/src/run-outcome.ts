// How a command ends that followed a run to its end.
import type { RunStatus } from "@agentspan/sdk";
import { CommandError } from "./command-error.js";
import { EXIT_CODES } from "./exit-codes.js";
import { safeText } from "./safe-text.js";

const CODES = {
  FAILED: EXIT_CODES.runFailed,
  CANCELLED: EXIT_CODES.runCancelled,
  TIMED_OUT: EXIT_CODES.runTimedOut,
} as const;

/** Throws CommandError where the run ended otherwise than COMPLETED, with the exit code of how. */
export function requireCompleted({ runId, state, error }: Pick<RunStatus, "runId" | "state" | "error">): void {
  if (state === "COMPLETED") return;
  const why = error === undefined || state === "CANCELLED" ? "." : `: ${error.reason}: ${safeText(error.message)}`;
  const code = state in CODES ? CODES[state as keyof typeof CODES] : EXIT_CODES.failed;
  throw new CommandError(`Run ${runId} ended as ${state}${why}`, code);
}
