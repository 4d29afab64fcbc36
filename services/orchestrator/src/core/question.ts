// Questions to people: a call of a human tool asks one, its arguments are what is asked, and the answer is its result.
//
// A question is no gate. Nothing runs on its answer, no worker is ever told of the call, and what the model asks for
// afterwards is gated as it would have been without. So whoever started the run may answer, unless the tool says who may.
import { toolOf } from "./agent.js";
import type { Checkpoint } from "./checkpoint.js";
import { termsOf } from "./checkpoint-time.js";
import type { Rejection, Verdict } from "./commands.js";
import { type Draft, reject } from "./draft.js";
import type { Call } from "./run.js";

export function askPeople(draft: Draft, { callId, tool, digest }: Call): void {
  draft.emit({
    type: "waiting",
    approvalId: `que_${callId}_${draft.context.entropy}`,
    kind: "QUESTION",
    callId,
    tool,
    digest,
    ...termsOf(draft, tool, "QUESTION"),
    reason: "The agent asks people.",
  });
}

/** Why an answer is none to this question; undefined where it is one, and of anything else. */
export function answerRefusal(
  { context }: Draft,
  { kind, tool, approvalId }: Checkpoint,
  verdict: Verdict,
): Rejection | undefined {
  if (kind !== "QUESTION" || verdict.kind !== "respond") return undefined;
  const schema = toolOf(context.agent, tool)?.human?.answerSchema;
  const problems = schema === undefined ? [] : context.text.schemaProblems(schema, verdict.content);
  if (problems.length === 0) return undefined;
  const fields = problems.map((description) => ({ field: "contentJson", description }));
  const message = `The answer to ${approvalId} does not fit the schema of its answers: ${problems.join("; ")}`;
  return reject("INVALID_ARGUMENTS", message, { fields });
}
