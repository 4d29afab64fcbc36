// What of an outcome is kept in the run.
import type { Complete, CompletedOutcome } from "./commands.js";
import type { Draft } from "./draft.js";
import type { Gate, ReportDigest, ReportedOutcome } from "./events.js";
import { headOf, RESULT_BYTES, RESULT_HEAD_BYTES } from "./limits.js";
import { isGuarded } from "./run.js";

const REPORT_DIGITS = 12;

/** What of an outcome fits into the run; a guarded one is never refused for its size. */
export function fitted(draft: Draft, gate: Gate, outcome: CompletedOutcome): ReportedOutcome {
  if (outcome.kind !== "result") return bare(outcome);
  const { utf8Length, digestOf } = draft.context.text;
  const bytes = utf8Length(outcome.text);
  if (bytes <= RESULT_BYTES) return outcome;
  if (isGuarded(gate)) {
    return {
      kind: "truncated",
      digest: digestOf(outcome.text),
      bytes,
      head: headOf(outcome.text, RESULT_HEAD_BYTES / 4),
    };
  }
  const message = `The tool's result has ${bytes} bytes and was refused: the limit is ${RESULT_BYTES}.`;
  return { kind: "error", message };
}

/**
 * Short, for it stays with the claim. It is of the arguments' digest and of the process that reports too: another
 * process that knows the nonce does not repeat what this one said.
 */
export function reportDigestOf(draft: Draft, command: Complete): ReportDigest {
  const { workerId, incarnation, digest, outcome } = command;
  const said = outcome.kind === "error" ? [outcome.message, outcome.retryable] : outcome;
  const text = JSON.stringify([workerId, incarnation, digest, outcome.kind, said]);
  return draft.context.text.digestOf(text).slice("sha256:".length, "sha256:".length + REPORT_DIGITS);
}

function bare(outcome: CompletedOutcome): ReportedOutcome {
  return outcome.kind === "error" ? { kind: "error", message: outcome.message } : outcome;
}
