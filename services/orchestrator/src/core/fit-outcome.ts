// What of an outcome is kept in the run.
import type { CompletedOutcome } from "./commands.js";
import type { Draft } from "./draft.js";
import type { Gate, ReportedOutcome } from "./events.js";
import { headOf, RESULT_BYTES, RESULT_HEAD_BYTES } from "./limits.js";
import { isGuarded } from "./run.js";

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

function bare(outcome: CompletedOutcome): ReportedOutcome {
  return outcome.kind === "error" ? { kind: "error", message: outcome.message } : outcome;
}
