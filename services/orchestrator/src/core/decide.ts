// The state machine: a command against a run gives events, effects and an answer, or a rejection. Pure.

import { recordChild, refuseChild, takeReport } from "./children.js";
import type { Answer, Command, Rejection, Start } from "./commands.js";
import { cancel, pause, resume, startAgain, started, tick } from "./decide-control.js";
import { replaceModelCall, takeModelFailure, takeModelReply } from "./decide-model.js";
import { decideCheckpoint } from "./decide-person.js";
import { answerPreview, claimPreview } from "./decide-preview.js";
import { answerProbe, claimProbe } from "./decide-probe.js";
import { claim, complete, endClaim, release } from "./decide-task.js";
import { type Context, Draft, OK, reject } from "./draft.js";
import type { RunEvent } from "./events.js";
import { evolve } from "./evolve.js";
import { type Obligation, obligationsOf, type Schedule, type Timing, wakeAtOf } from "./obligations.js";
import { type Call, callOf, claimedCallOf, type Run } from "./run.js";
import { wantedPreview } from "./wanted-preview.js";

/** Work that follows a transition once it is committed. */
export type Effect =
  | Extract<
      Obligation,
      { kind: "call_model" | "announce" | "start_child" | "cancel_child" | "steer_child" | "tell_parent" }
    >
  /** Take the hints of a call that nobody may claim any more out of the work queue. Only a kindness: a claim is refused. */
  | { readonly kind: "withdraw"; readonly callId: string; readonly tool: string; readonly queue: string };

export interface Transition {
  readonly type: "transition";
  readonly run: Run;
  /** Empty where the command had been carried out already, or only moved times. */
  readonly events: readonly RunEvent[];
  readonly effects: readonly Effect[];
  readonly schedule: Schedule;
  readonly wakeAt: number | undefined;
  readonly answer: Answer;
}

export function decide(run: Run | undefined, command: Command, context: Context): Transition | Rejection {
  if (run === undefined) {
    if (command.type === "start") return begin(command, context);
    return reject("RUN_NOT_FOUND", "There is no such run.");
  }
  const draft = new Draft(run, context);
  const answer = carryOut(draft, command);
  if (answer.type === "rejection") return answer;
  draft.advance();
  const moved = command.type === "reschedule" ? command.due : {};
  return transition(run, draft.run, draft.events, context, { ...context.schedule, ...moved }, answer);
}

function carryOut(draft: Draft, command: Command): Answer | Rejection {
  switch (command.type) {
    case "start":
      return startAgain(draft.run, command);
    case "take_model_reply":
      return takeModelReply(draft, command);
    case "take_model_failure":
      return takeModelFailure(draft, command);
    case "replace_model_call":
      return replaceModelCall(draft, command);
    case "claim":
      return claim(draft, command);
    case "complete":
      return complete(draft, command);
    case "release":
      return release(draft, command);
    case "end_claim":
      return endClaim(draft, command);
    case "claim_probe":
      return claimProbe(draft, command);
    case "answer_probe":
      return answerProbe(draft, command);
    case "claim_preview":
      return claimPreview(draft, command);
    case "answer_preview":
      return answerPreview(draft, command);
    case "decide":
      return decideCheckpoint(draft, command);
    case "cancel":
      return cancel(draft, command);
    case "pause":
      return pause(draft, command);
    case "resume":
      return resume(draft, command);
    case "record_child":
      return recordChild(draft, command);
    case "refuse_child":
      return refuseChild(draft, command);
    case "take_report":
      return takeReport(draft, command);
    case "tick":
      return tick(draft, command);
    case "reschedule":
      return OK;
    default:
      return command satisfies never;
  }
}

function begin(command: Start, context: Context): Transition {
  const event = { sequence: 1, at: context.now, by: context.by, fact: started(command, context) };
  const run = evolve(undefined, event);
  return transition(undefined, run, [event], context, {}, { type: "started", created: true });
}

function transition(
  before: Run | undefined,
  run: Run,
  events: readonly RunEvent[],
  { timing, now }: Context,
  times: Schedule,
  answer: Answer,
): Transition {
  const owedBefore = new Set(before === undefined ? [] : obligationsOf(before, timing).map(({ key }) => key));
  const owed = obligationsOf(run, timing);
  const effects: Effect[] = [];
  const schedule: Record<string, number> = {};
  for (const obligation of owed) {
    const { key } = obligation;
    const moved = times[key];
    if (moved !== undefined) schedule[key] = moved;
    if (owedBefore.has(key)) continue;
    // A model call that must wait is timed by its holder; a task that must wait is announced by a sweeper when due.
    if (
      isEffect(obligation) &&
      (obligation.kind !== "announce" || obligation.notBefore <= Math.max(now, run.updatedAt))
    ) {
      effects.push(obligation);
    }
  }
  for (const { callId, tool, queue } of withdrawn(before, run)) effects.push({ kind: "withdraw", callId, tool, queue });
  return { type: "transition", run, events, effects, schedule, wakeAt: wakeAtOf(owed, schedule), answer };
}

/** Everything that may be done for a run now, whoever owes it. */
export function effectsOwed(run: Run, timing: Timing, now: number): readonly Effect[] {
  return obligationsOf(run, timing)
    .filter(isEffect)
    .filter((owed) => owed.kind !== "announce" || owed.notBefore <= now);
}

/** What is done at once and not only looked at in time. */
function isEffect(owed: Obligation): owed is Exclude<Effect, { kind: "withdraw" }> {
  return owed.kind !== "watch_claim" && owed.kind !== "tick";
}

/** Calls that could be claimed before and ended without a worker, or whose probe or preview is asked no more. */
function withdrawn(before: Run | undefined, run: Run): readonly Call[] {
  if (before === undefined) return [];
  return before.turn.calls.filter((call) => {
    const { callId, state } = call;
    const after = callOf(run, callId);
    const over = after === undefined || after.state.kind === "finished";
    // What runs or is asked about further is announced under the same name.
    if (state.kind === "checking" || wantedPreview(before, call) !== undefined) return over;
    // What runs again is announced under the same name.
    if (state.kind === "probing") return after === undefined || ["finished", "unknown"].includes(after.state.kind);
    if (state.kind !== "ready") return false;
    if (after !== undefined && after.state.kind !== "finished") return false;
    return !claimedCallOf(run, callId)?.claims.some(
      (claim) => claim.attempt === state.attempt && claim.released === undefined,
    );
  });
}
