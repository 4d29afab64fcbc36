// Votes and decisions of people. The decision id comes first, whatever is open by now; then the checkpoint, then what
// may be said of it. A decision is bound to the digest that was shown and is final.
import { toolOf } from "./agent.js";
import { type Checkpoint, personOf, votesBeside, wasEdited } from "./checkpoint.js";
import { approversOf, lateRefusal } from "./checkpoint-time.js";
import type { Decide, DecidedAnswer, Forward, Rejection, Verdict } from "./commands.js";
import { type Draft, reject } from "./draft.js";
import type { Act, CallOutcome, CheckpointKind, Edited, Outcome } from "./events.js";
import { afterEdit } from "./gate.js";
import { ARGUMENTS_BYTES, READING_MS, RESULT_BYTES, RUN_BYTES, VOTES_OF_ONE } from "./limits.js";
import { answerRefusal } from "./question.js";
import { callOf, mirrorOf, openCheckpoints, openMirrors, type Run } from "./run.js";
import { byGroup, voterRefusal } from "./voters.js";

export function decideCheckpoint(draft: Draft, command: Decide): DecidedAnswer | Forward | Rejection {
  const repeated = answerOfRepeated(draft.run, command);
  if (repeated !== undefined) return repeated;
  const found = find(draft, command);
  if (found.type !== "found") return found;
  const late = lateRefusal(draft, found.checkpoint);
  if (late !== undefined) return late;
  const checkpoint = draft.run.checkpoints[found.checkpoint.approvalId] ?? found.checkpoint;
  const refused = refusalOf(draft, command, checkpoint);
  if (refused !== undefined) return refused;
  const notTheirs = voterRefusal(draft, command, checkpoint);
  if (notTheirs !== undefined) return notTheirs;
  const tooLarge = sizeRefusal(draft, command.verdict);
  if (tooLarge !== undefined) return tooLarge;
  const unfit = answerRefusal(draft, checkpoint, command.verdict);
  if (unfit !== undefined) return unfit;
  const edited = editedArguments(draft, command.verdict, checkpoint);
  if (edited?.type === "rejection") return edited;
  const asked = edited === undefined ? undefined : afterEdit(draft, checkpoint, edited.edited);

  const act: Act = {
    approvalId: checkpoint.approvalId,
    callId: checkpoint.callId,
    decisionId: command.decisionId,
    requestHash: command.requestHash,
    who: command.who,
    ...(command.onBehalfOf === undefined ? {} : { onBehalfOf: command.onBehalfOf }),
    outcome: outcomeOf(command.verdict),
    comment: command.comment,
    ...(command.by === undefined ? {} : { via: command.by }),
    ...byGroup(approversOf(toolOf(draft.context.agent, checkpoint.tool)?.approval, checkpoint), command),
    ...(asked === undefined ? {} : { edited: asked.edited }),
    ...(checkpoint.preview?.shows.kind === "shown" ? { preview: checkpoint.preview.shows.fingerprint } : {}),
  };
  if (asked?.spared === true || closes(checkpoint, act)) {
    close(draft, act, outcomeForModel(act, command.verdict, checkpoint), asked?.spared === true);
  } else {
    const tooMany = votesRefusal(draft.run, command, checkpoint);
    if (tooMany !== undefined) return tooMany;
    draft.emit({ ...act, type: "voted" });
  }
  return answerOf(draft.run, command.decisionId, false);
}

function answerOfRepeated(run: Run, { decisionId, requestHash }: Decide): DecidedAnswer | Rejection | undefined {
  const act = Object.hasOwn(run.acts, decisionId) ? run.acts[decisionId] : undefined;
  if (act === undefined) return undefined;
  if (act.requestHash === requestHash) return answerOf(run, decisionId, true);
  return reject(
    "IDEMPOTENCY_KEY_REUSED",
    `Decision id ${decisionId} was used for another request of run ${run.runId}.`,
  );
}

function answerOf(run: Run, decisionId: string, repeated: boolean): DecidedAnswer {
  const act = run.acts[decisionId];
  if (act === undefined) throw new Error(`Decision ${decisionId} was recorded and is not there.`);
  const { approvalId, outcome, who, at, sequence, closed, votesMissing } = act;
  return { type: "decided", approvalId, decisionId, outcome, who, at, sequence, closed, votesMissing, repeated };
}

/**
 * The checkpoint that is meant: the named one, or the only one that this may answer; of this run, or of one that it
 * started, which then decides. What is known of that one here may be old: it says so itself.
 */
function find(draft: Draft, command: Decide): { type: "found"; checkpoint: Checkpoint } | Forward | Rejection {
  const { run } = draft;
  if (command.approvalId !== undefined) {
    const named = Object.hasOwn(run.checkpoints, command.approvalId) ? run.checkpoints[command.approvalId] : undefined;
    if (named !== undefined) return { type: "found", checkpoint: named };
    const mirrored = mirrorOf(run, command.approvalId);
    if (mirrored !== undefined) return { type: "forward", runId: mirrored.runId };
    return reject("APPROVAL_NOT_FOUND", `Run ${run.runId} has no approval ${command.approvalId}.`);
  }
  const settles = command.verdict.kind === "settle";
  const fits = ({ kind }: { readonly kind: CheckpointKind }): boolean => (kind === "SETTLEMENT") === settles;
  const own = openCheckpoints(run).filter(fits);
  const mirrored = openMirrors(run).filter(fits);
  const open = [...own, ...mirrored];
  if (open.length > 1) {
    return reject("APPROVAL_ID_REQUIRED", `Run ${run.runId} has ${open.length} open approvals; name one.`, {
      metadata: { approval_ids: open.map(({ approvalId }) => approvalId).join(",") },
    });
  }
  const [[only], [elsewhere]] = [own, mirrored];
  if (only !== undefined) {
    return bareRefusal(draft, command, only) ?? { type: "found", checkpoint: only };
  }
  if (elsewhere !== undefined) return { type: "forward", runId: elsewhere.runId };
  const [other] = settles ? [] : [...openCheckpoints(run), ...openMirrors(run)];
  if (other !== undefined) return settleRequired(run, other);
  if (run.phase.kind !== "active") return runEnded(run);
  return reject("NOTHING_TO_DECIDE", `Run ${run.runId} has no open ${settles ? "settlement" : "approval"}.`);
}

/** Why a decision that names neither the approval nor what it showed is not taken. */
function bareRefusal({ now, run }: Draft, command: Decide, checkpoint: Checkpoint): Rejection | undefined {
  if (checkpoint.explicit) return explicitRequired(run, command, checkpoint);
  const age = now - checkpoint.requestedAt;
  if (command.digest !== undefined || age >= READING_MS) return undefined;
  return reject(
    "APPROVAL_ID_REQUIRED",
    `Approval ${checkpoint.approvalId} of run ${run.runId} was opened a moment ago, too recently to have been read: name it.`,
    { metadata: { approval_ids: checkpoint.approvalId }, retryAfterMs: READING_MS - age },
  );
}

/** Only who approves says what was shown: the others let nothing of it happen. */
function explicitRequired(run: Run, { verdict }: Decide, { tool, approvalId }: Checkpoint): Rejection {
  const what = verdict.kind === "approve" ? "the approval and its digest" : `the approval (${approvalId})`;
  const message = `Tool ${tool} of run ${run.runId} takes only decisions that name ${what}.`;
  return reject("APPROVAL_ID_REQUIRED", message, { metadata: { approval_ids: approvalId } });
}

function settleRequired(run: Run, { approvalId }: Pick<Checkpoint, "approvalId">): Rejection {
  return reject("SETTLE_REQUIRED", `The outcome of a call of run ${run.runId} is unknown: only Settle answers that.`, {
    metadata: { approval_ids: approvalId },
  });
}

function runEnded(run: Run): Rejection {
  return reject("RUN_ENDED", `Run ${run.runId} ${run.phase.kind === "ended" ? "has ended" : "is ending"}.`);
}

function refusalOf(draft: Draft, command: Decide, checkpoint: Checkpoint): Rejection | undefined {
  const { run } = draft;
  const { verdict, digest } = command;
  const { approvalId, kind, closed } = checkpoint;
  if (closed !== undefined) return refusalOfClosed(run, checkpoint);
  if (kind === "SETTLEMENT" && verdict.kind !== "settle") return settleRequired(run, checkpoint);
  if (kind !== "SETTLEMENT" && verdict.kind === "settle") {
    const instead = kind === "QUESTION" ? "Respond, or Reject to decline it" : "Approve, Reject or Respond";
    return reject("INVALID_REQUEST", `Approval ${approvalId} is no settlement: use ${instead}.`);
  }
  if (kind === "QUESTION" && verdict.kind === "approve") {
    return reject("INVALID_REQUEST", `Approval ${approvalId} is a question: use Respond, or Reject to decline it.`);
  }
  if (checkpoint.explicit && verdict.kind === "approve" && digest === undefined)
    return explicitRequired(run, command, checkpoint);
  const metadata = { arguments_digest: checkpoint.digest };
  if (digest !== undefined && digest !== checkpoint.digest) {
    const message = `The arguments of approval ${approvalId} are not those that were shown.`;
    return reject("ARGUMENTS_CHANGED", message, { metadata });
  }
  const { shows } = checkpoint.preview ?? {};
  const sight = shows?.kind === "shown" ? shows.fingerprint : "";
  if (command.preview !== undefined && command.preview !== sight) {
    const message = `What the call of approval ${approvalId} would do is not what was shown: look at it again.`;
    return reject("ARGUMENTS_CHANGED", message, { metadata: { preview_fingerprint: sight } });
  }
  // Whoever says neither what was shown nor what is to run may have read the arguments before their edit.
  const bare = verdict.kind === "approve" && verdict.editedArguments === undefined && digest === undefined;
  if (bare && wasEdited(checkpoint)) {
    const message = `The arguments of approval ${approvalId} were edited after it was opened: name their digest.`;
    return reject("ARGUMENTS_CHANGED", message, { metadata });
  }
  if (verdict.kind === "settle" && verdict.outcome === "run_again" && run.phase.kind !== "active") return runEnded(run);
  return undefined;
}

function refusalOfClosed(run: Run, { approvalId, closed }: Checkpoint): Rejection {
  switch (closed?.how) {
    case "decided": {
      const winner = personOf(closed);
      const metadata = { winner, outcome: closed.outcome, time: String(closed.at) };
      const message = `Approval ${approvalId} of run ${run.runId} was ${closed.outcome} by ${winner} already.`;
      return reject("ALREADY_DECIDED", message, { metadata });
    }
    case "expired":
      return reject("APPROVAL_EXPIRED", `Approval ${approvalId} of run ${run.runId} has expired.`);
    case "withdrawn": {
      const metadata = { winner: "worker", outcome: "withdrawn", time: String(closed.at) };
      return reject("ALREADY_DECIDED", `The worker reported the outcome of ${approvalId} itself.`, { metadata });
    }
    default:
      return runEnded(run);
  }
}

function sizeRefusal({ context }: Draft, verdict: Verdict): Rejection | undefined {
  const sized = sizedText(verdict);
  if (sized === undefined) return undefined;
  const bytes = context.text.utf8Length(sized.text);
  if (bytes > sized.limit)
    return reject("LIMIT_EXCEEDED", `${sized.what} ${bytes} bytes; the limit is ${sized.limit}.`);
  // Only a model's reply ends a run for its size; people may still decide, but not add to it.
  if (bytes === 0 || context.totalBytes + bytes <= RUN_BYTES) return undefined;
  return reject("LIMIT_EXCEEDED", `${sized.what} ${bytes} bytes, and a run has at most ${RUN_BYTES}.`);
}

/** What decides is always heard; somebody who votes again and again, or a program gone wild, fills no run. */
function votesRefusal({ acts, runId }: Run, { who }: Decide, { approvalId }: Checkpoint): Rejection | undefined {
  const votes = Object.values(acts).filter((act) => act.approvalId === approvalId && act.who === who);
  if (votes.length < VOTES_OF_ONE) return undefined;
  const message = `${who} has voted ${votes.length} times on approval ${approvalId} of run ${runId}, which is the limit; it waits for the votes of others.`;
  return reject("LIMIT_EXCEEDED", message);
}

function sizedText(verdict: Verdict): { what: string; text: string; limit: number } | undefined {
  switch (verdict.kind) {
    case "approve":
      return { what: "The edited arguments have", text: verdict.editedArguments ?? "", limit: ARGUMENTS_BYTES };
    case "respond":
      return { what: "The answer has", text: verdict.content, limit: RESULT_BYTES };
    case "settle":
      return verdict.outcome === "happened"
        ? { what: "The result has", text: verdict.result, limit: RESULT_BYTES }
        : undefined;
    case "reject":
      return undefined;
    default:
      return verdict satisfies never;
  }
}

function editedArguments(
  { context }: Draft,
  verdict: Verdict,
  checkpoint: Checkpoint,
): { readonly type: "edited"; readonly edited: Edited } | Rejection | undefined {
  if (verdict.kind !== "approve" || verdict.editedArguments === undefined) return undefined;
  const canonical = context.text.canonicalArguments(verdict.editedArguments);
  if (!canonical.ok) return reject("INVALID_ARGUMENTS", `The edited arguments were refused: ${canonical.problem}`);
  const schema = toolOf(context.agent, checkpoint.tool)?.inputSchema;
  const problems =
    schema === undefined
      ? [`the agent has no tool ${checkpoint.tool}`]
      : context.text.schemaProblems(schema, canonical.text);
  if (problems.length > 0) {
    const fields = problems.map((description) => ({ field: "editedArgumentsJson", description }));
    const message = `The edited arguments do not fit the tool's schema: ${problems.join("; ")}`;
    return reject("INVALID_ARGUMENTS", message, { fields });
  }
  // The same arguments again are no edit.
  if (canonical.digest === checkpoint.digest) return undefined;
  return { type: "edited", edited: { arguments: canonical.text, digest: canonical.digest } };
}

function outcomeOf(verdict: Verdict): Outcome {
  switch (verdict.kind) {
    case "approve":
      return "approved";
    case "reject":
      return "rejected";
    case "respond":
      return "responded";
    case "settle":
      return verdict.outcome;
    default:
      return verdict satisfies never;
  }
}

/** Approving, and running again, take as many votes as the policy asks; anything else takes one. */
function closes(checkpoint: Checkpoint, act: Act): boolean {
  if (act.outcome !== "approved" && act.outcome !== "run_again") return true;
  return votesBeside(checkpoint, act).length + 1 >= checkpoint.votesRequired;
}

function close(draft: Draft, act: Act, outcome: CallOutcome | undefined, spared: boolean): void {
  const ended = draft.run.phase.kind === "ended";
  const content = ended && outcome?.kind === "result" ? { content: outcome.text } : {};
  draft.emit({ ...act, type: "decided", ...(spared ? { spared } : {}), ...content });
  const call = callOf(draft.run, act.callId);
  if (call !== undefined && outcome !== undefined && !ended) draft.finish(call, outcome);
}

/** What the decision itself gives the model as the call's outcome; undefined where the tool runs. */
function outcomeForModel(act: Act, verdict: Verdict, { kind }: Checkpoint): CallOutcome | undefined {
  switch (verdict.kind) {
    case "approve":
      return undefined;
    case "reject":
      return { kind: "rejected", reason: act.comment };
    case "respond":
      // The answer to a question is what was called for; in place of a tool it is told as such.
      return { kind: kind === "QUESTION" ? "result" : "responded", text: verdict.content };
    case "settle":
      if (verdict.outcome === "happened") return { kind: "result", text: verdict.result };
      if (verdict.outcome === "run_again") return undefined;
      return { kind: "error", message: "Nobody knows whether this call took effect. Do not repeat it." };
    default:
      return verdict satisfies never;
  }
}
