// What facts make of a checkpoint, and of the call that waits for it.

import { type Checkpoint, type Closing, type Speaker, votesBeside } from "./checkpoint.js";
import type { Act, Decided, Edited, Escalated, Reminded, Waiting } from "./events.js";
import { begun, offered, withCall } from "./evolve-call.js";
import { askedOnceMore, checking, previewAfterEdit, previewAtOpening } from "./evolve-preview.js";
import { type Call, callOf, type Run } from "./run.js";

export function openCheckpoint(run: Run, fact: Waiting, sequence: number, at: number): Run {
  const call = run.turn.calls.find(({ callId }) => callId === fact.callId);
  const preview = previewAtOpening(fact, call, at);
  const checkpoint: Checkpoint = {
    approvalId: fact.approvalId,
    kind: fact.kind,
    callId: fact.callId,
    tool: fact.tool,
    requestedAt: at,
    updatedAt: at,
    sequence,
    argumentsSequence: call?.argumentsSequence ?? sequence,
    digest: fact.digest,
    votesRequired: fact.votesRequired,
    votes: [],
    explicit: fact.explicit,
    ...(fact.byRule === undefined ? {} : { byRule: fact.byRule }),
    ...(fact.expiresAt === undefined ? {} : { expiresAt: fact.expiresAt }),
    ...(fact.remindAt === undefined ? {} : { remindAt: fact.remindAt }),
    ...(fact.unknown === undefined ? {} : { unknown: fact.unknown }),
    ...(preview === undefined ? {} : { preview }),
  };
  const opened: Run = { ...run, checkpoints: { ...run.checkpoints, [fact.approvalId]: checkpoint } };
  return withCall(opened, fact.callId, (call) => {
    if (fact.kind !== "SETTLEMENT") {
      const { check: _, ...unchecked } = preview?.shows.kind === "pending" ? askedOnceMore(call) : call;
      return { ...unchecked, gate: "approval", state: { kind: "gated", approvalId: fact.approvalId } };
    }
    if (fact.unknown === undefined) return call;
    const { attempt, nonce, incarnation } = fact.unknown;
    const { approvalId } = fact;
    return {
      ...call,
      state: { kind: "unknown", approvalId, attempt, nonce, incarnation, grantDead: isDead(call, fact) },
    };
  });
}

/** What a standing grant decided was never open. */
export function openByGrant(run: Run, { approvalId, callId, ground }: Decided, sequence: number, at: number): Run {
  const call = callOf(run, callId);
  if (ground === undefined || call === undefined) return run;
  const { tool, digest, argumentsSequence } = call;
  const checkpoint: Checkpoint = {
    ...{ approvalId, kind: "APPROVAL", callId, tool, requestedAt: at, updatedAt: at },
    ...{ sequence, argumentsSequence, digest, votesRequired: 1, votes: [], explicit: false },
  };
  return { ...run, checkpoints: { ...run.checkpoints, [approvalId]: checkpoint } };
}

/** Whether the grant of an attempt that is not known to have ended can no longer be at work. */
function isDead({ state }: Call, { unknown }: Waiting): boolean {
  if (state.kind === "rerun") return false;
  if (state.kind === "probing") return state.grantDead;
  // Asked again: it was run again, which waited for the end of that grant.
  if (state.kind !== "claimed" || state.attempt !== unknown?.attempt) return true;
  return unknown.cause !== "TIMED_OUT";
}

export function recordAct(run: Run, act: Act, sequence: number, at: number, closed: boolean): Run {
  const checkpoint = run.checkpoints[act.approvalId];
  if (checkpoint === undefined) return run;
  const votes = [...votesBeside(checkpoint, act), { ...speakerOf(act), at, outcome: act.outcome, sequence }];
  const missing = Math.max(0, checkpoint.votesRequired - votes.length);
  const edited =
    act.edited === undefined ? checkpoint : editedCheckpoint(run, checkpoint, act.edited, { sequence, at, closed });
  const asks = edited !== checkpoint && edited.preview !== undefined;
  return {
    ...(asks ? withCall(run, act.callId, askedOnceMore) : run),
    checkpoints: { ...run.checkpoints, [act.approvalId]: { ...edited, votes, updatedAt: at } },
    acts: {
      ...run.acts,
      [act.decisionId]: {
        requestHash: act.requestHash,
        approvalId: act.approvalId,
        sequence,
        at,
        who: act.who,
        outcome: act.outcome,
        closed,
        votesMissing: closed ? 0 : missing,
      },
    },
  };
}

/** Of other arguments nothing was shown yet; where the edit closes the checkpoint, nothing will be. */
function editedCheckpoint(
  run: Run,
  checkpoint: Checkpoint,
  { digest }: Edited,
  { sequence, at, closed }: { readonly sequence: number; readonly at: number; readonly closed: boolean },
): Checkpoint {
  const { preview: _, ...unshown } = checkpoint;
  const preview = closed ? undefined : previewAfterEdit(run, checkpoint, at);
  return { ...unshown, argumentsSequence: sequence, digest, ...(preview === undefined ? {} : { preview }) };
}

export function afterDecision(run: Run, fact: Decided, sequence: number, at: number): Run {
  const { approvalId, decisionId, outcome, callId } = fact;
  const checkpoint = run.checkpoints[approvalId];
  // What is required is what these arguments take.
  const required =
    fact.spared === true ? withCheckpoint(run, approvalId, (open) => ({ ...open, votesRequired: 1 })) : run;
  const closed = closeCheckpoint(required, approvalId, {
    how: "decided",
    at,
    sequence,
    outcome,
    ...speakerOf(fact),
    decisionId,
  });
  return withCall(closed, callId, (call) => {
    if (outcome === "approved") {
      // What was approved is what the checkpoint asks about by now: the model's arguments, or the last edit of them.
      const { argumentsSequence, digest } = checkpoint ?? call;
      const approval = { approvalId, decisionId };
      const { spared: _, ...unspared } = call;
      const spared = fact.spared === undefined ? {} : { spared: fact.spared };
      const approved = { ...unspared, argumentsSequence, digest, approval, ...spared };
      if (checkpoint?.preview?.shows.kind === "shown") return checking(approved, at);
      return { ...approved, ...begun(call, call.attempts, at) };
    }
    if (outcome === "run_again" && call.state.kind === "unknown") {
      const { attempt, nonce, incarnation, grantDead } = call.state;
      // A person's word takes the place of the probe's.
      const { unsettled: _, check: _check, ...asked } = call;
      const approved: Call = { ...asked, failures: 0, approval: { approvalId, decisionId } };
      if (grantDead) return { ...approved, ...offered(call, call.attempts + 1, at, at) };
      return { ...approved, state: { kind: "rerun", attempt, nonce, incarnation, since: at } };
    }
    return call;
  });
}

function speakerOf({ who, onBehalfOf }: Speaker): Speaker {
  return onBehalfOf === undefined ? { who } : { who, onBehalfOf };
}

export function escalate(run: Run, { approvalId, expiresAt }: Escalated, sequence: number, at: number): Run {
  return withCheckpoint(run, approvalId, (open) => ({ ...open, expiresAt, escalated: sequence, updatedAt: at }));
}

/** Whoever watches checkpoints is told of changes of them, and this is none. */
export function remind(run: Run, { approvalId, number, remindAt }: Reminded): Run {
  return withCheckpoint(run, approvalId, ({ remindAt: _, ...open }) => ({
    ...open,
    reminders: number,
    ...(remindAt === undefined ? {} : { remindAt }),
  }));
}

function withCheckpoint(run: Run, approvalId: string, change: (checkpoint: Checkpoint) => Checkpoint): Run {
  const checkpoint = run.checkpoints[approvalId];
  if (checkpoint === undefined) return run;
  return { ...run, checkpoints: { ...run.checkpoints, [approvalId]: change(checkpoint) } };
}

export function closeCheckpoint(run: Run, approvalId: string, closing: Closing): Run {
  return withCheckpoint(run, approvalId, (open) => ({ ...open, updatedAt: closing.at, closed: closing }));
}
