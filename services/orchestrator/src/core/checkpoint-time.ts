// What time does to checkpoints: people are reminded, and an approval that nobody decided in time goes to others, is
// rejected, or ends the run, as the tool's policy says. Nothing is ever approved by time, and a settlement never expires.
import { type ApprovalPolicy, type Approvers, toolOf } from "./agent.js";
import type { Checkpoint } from "./checkpoint.js";
import type { Rejection } from "./commands.js";
import { type Draft, reject } from "./draft.js";
import type { CheckpointKind, Waiting } from "./events.js";
import { REMINDERS } from "./limits.js";
import { callOf, openCheckpoints } from "./run.js";

/** What the policy of a checkpoint's tool says of it when it opens. */
export function termsOf(
  { context, now }: Draft,
  tool: string,
  kind: CheckpointKind,
): Pick<Waiting, "votesRequired" | "explicit" | "approvers" | "expiresAt" | "remindAt"> {
  const policy = toolOf(context.agent, tool)?.approval;
  const { approvers, expiry, remindEveryMs } = policy ?? {};
  return {
    votesRequired: kind === "QUESTION" ? 1 : (policy?.votesRequired ?? 1),
    explicit: policy?.explicit ?? false,
    ...(approvers === undefined ? {} : { approvers }),
    ...(expiry === undefined || kind === "SETTLEMENT" ? {} : { expiresAt: now + expiry.afterMs }),
    ...(remindEveryMs === undefined ? {} : { remindAt: now + remindEveryMs }),
  };
}

/** Who may decide a checkpoint by now; undefined where everybody may. */
export function approversOf(
  policy: ApprovalPolicy | undefined,
  { escalated }: Pick<Checkpoint, "escalated">,
): Approvers | undefined {
  const expiry = policy?.expiry;
  return escalated !== undefined && expiry?.action === "escalate" ? expiry.to : policy?.approvers;
}

/**
 * Before a decision is taken: an approval whose time is over takes none any more, whether a tick has come by or not; one
 * that goes to others is theirs now.
 */
export function lateRefusal(draft: Draft, checkpoint: Checkpoint): Rejection | undefined {
  if (checkpoint.closed !== undefined || !isOver(draft, checkpoint)) return undefined;
  if (goesToOthers(draft, checkpoint)) {
    escalate(draft, checkpoint);
    return undefined;
  }
  return reject("APPROVAL_EXPIRED", `Approval ${checkpoint.approvalId} of run ${draft.run.runId} has expired.`);
}

/** Everything that is due of the run's open checkpoints. */
export function passTime(draft: Draft): void {
  // What is open after the end is a settlement, which waits without a word.
  if (draft.run.phase.kind === "ended") return;
  for (const { approvalId } of openCheckpoints(draft.run)) {
    // One that ends the run closes the others.
    const open = draft.run.checkpoints[approvalId];
    if (open === undefined || open.closed !== undefined) continue;
    if (isOver(draft, open)) expire(draft, open);
    const still = draft.run.checkpoints[approvalId];
    if (still !== undefined && still.closed === undefined) remind(draft, still);
  }
}

function isOver({ now }: Draft, { expiresAt }: Checkpoint): boolean {
  return expiresAt !== undefined && expiresAt <= now;
}

function goesToOthers({ context }: Draft, { tool, escalated }: Checkpoint): boolean {
  return escalated === undefined && toolOf(context.agent, tool)?.approval.expiry?.action === "escalate";
}

function expire(draft: Draft, checkpoint: Checkpoint): void {
  if (goesToOthers(draft, checkpoint)) {
    escalate(draft, checkpoint);
    return;
  }
  const { approvalId, callId, tool, kind } = checkpoint;
  const asked = kind === "QUESTION";
  draft.emit({ type: "checkpoint_closed", approvalId, callId, why: "EXPIRED" });
  const { expiry } = toolOf(draft.context.agent, tool)?.approval ?? {};
  if (expiry?.action === "fail" && draft.run.phase.kind === "active") {
    const message = asked
      ? `Nobody answered ${tool} in time (${approvalId}).`
      : `Nobody decided in time whether ${tool} may run (${approvalId}).`;
    draft.end({ state: "FAILED", reason: "APPROVAL_EXPIRED", message });
    return;
  }
  const call = callOf(draft.run, callId);
  if (call !== undefined)
    draft.finish(call, { kind: "rejected", reason: `Nobody ${asked ? "answered" : "decided"} in time.` });
}

function escalate(draft: Draft, { approvalId, callId, tool }: Checkpoint): void {
  const { expiry } = toolOf(draft.context.agent, tool)?.approval ?? {};
  if (expiry?.action !== "escalate") return;
  const expiresAt = draft.now + expiry.againMs;
  draft.emit({ type: "escalated", approvalId, callId, approvers: expiry.to, expiresAt });
}

/** Once, however long nobody looked. */
function remind(draft: Draft, { approvalId, callId, tool, remindAt, reminders = 0 }: Checkpoint): void {
  if (remindAt === undefined || remindAt > draft.now) return;
  const everyMs = toolOf(draft.context.agent, tool)?.approval.remindEveryMs;
  const number = reminders + 1;
  const again = everyMs === undefined || number >= REMINDERS ? {} : { remindAt: draft.now + everyMs };
  draft.emit({ type: "reminded", approvalId, callId, number, ...again });
}
