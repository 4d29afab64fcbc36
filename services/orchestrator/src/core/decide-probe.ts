// What a tool's probe is asked and what it answers, about a guarded attempt whose outcome is unknown.
//
// A probe only looks: it may be asked by several workers, any number of times, and the first answer counts. By itself a
// call runs again on one answer alone: it did not happen, from a tool whose receiver enforces the idempotency key. Even
// then the old grant must be dead first, and the tool's attempts are not to be used up.
import { toolOf } from "./agent.js";
import type { Answer, AnswerProbe, ClaimAnswer, ClaimProbe, ProbeGranted } from "./commands.js";
import { type Draft, OK, stale } from "./draft.js";
import { fitted } from "./fit-outcome.js";
import { type Call, callOf, claimedCallOf, type ProbingState, unknownAttemptOf, unsettledOf } from "./run.js";

export function claimProbe(
  draft: Draft,
  { callId, attempt }: ClaimProbe,
): ProbeGranted | Extract<ClaimAnswer, { type: "refused" }> {
  const { run, now } = draft;
  const call = callOf(run, callId);
  if (run.phase.kind === "ended") return { type: "refused", reason: "ENDED" };
  if (call === undefined) {
    return { type: "refused", reason: claimedCallOf(run, callId) === undefined ? "NOT_FOUND" : "ENDED" };
  }
  if (run.phase.kind === "ending") return { type: "refused", reason: "CANCELLED" };
  const { state, tool, argumentsSequence, digest } = call;
  if (state.kind === "finished") return { type: "refused", reason: "ENDED" };
  if (state.kind !== "probing" || state.attempt !== attempt || state.until <= now) {
    return { type: "refused", reason: "TAKEN" };
  }
  if (run.paused) return { type: "refused", reason: "PAUSED" };
  return { type: "probe_granted", tool, argumentsSequence, digest, until: state.until };
}

export function answerProbe(draft: Draft, command: AnswerProbe): Answer {
  const { callId, attempt, workerId, verdict, detail } = command;
  const call = callOf(draft.run, callId);
  if (call?.state.kind !== "probing" || call.state.attempt !== attempt) {
    return stale("Nobody asks the probe of this attempt any more.");
  }
  if (call.digest !== command.digest) return stale("The digest is not that of the call's arguments.");
  const { state, tool } = call;
  const runsAgain =
    verdict === "DID_NOT_HAPPEN" && mayRunAgain(draft, call, state) ? ({ runsAgain: true } as const) : {};
  draft.emit({ type: "probe_answered", callId, tool, attempt, workerId, verdict, detail, ...runsAgain });
  if (verdict === "HAPPENED") {
    draft.finish(call, fitted(draft, call.gate, { kind: "result", text: command.result }), { attempt, by: "probe" });
  } else if (runsAgain.runsAgain === undefined) {
    draft.askWhetherItHappened(call, { ...unknownAttemptOf(state), probe: { verdict, detail } });
  }
  return OK;
}

/** Nobody answered in time: a person is asked. */
export function giveUpProbe(draft: Draft, call: Call): void {
  const unsettled = unsettledOf(draft.run, call);
  if (unsettled !== undefined) draft.askWhetherItHappened(call, unsettled);
}

/** What kills its worker each time is not run for ever. */
function mayRunAgain(draft: Draft, call: Call, { enforcesKey }: ProbingState): boolean {
  const most = toolOf(draft.context.agent, call.tool)?.retry.maxAttempts ?? 1;
  return enforcesKey === true && call.failures + 1 < most;
}
