// Runs that a run starts. A child's document decides about the child; here is what its parent makes of it.
//
// 1. A call that starts a run has one child, and the child's end is its outcome, once.
// 2. A run does not end before the runs that it started: it tells them to end (obligations.ts) and waits.
// 3. Open checkpoints of a child, and of its children, are mirrored so that people find them. The mirror never decides:
//    whoever decides by it is sent to the run whose checkpoint it is (decide-person.ts).
// 4. What a child tells is everything by its last event, so that any report may be lost or come twice or late.
import type { Answer, ChildEnd, RecordChild, RefuseChild, ReportedCheckpoint, TakeReport } from "./commands.js";
import { type Draft, OK, stale } from "./draft.js";
import type { CallOutcome } from "./events.js";
import { fitted } from "./fit-outcome.js";
import { CHILDREN_PER_TURN, MOST_DEPTH, OPEN_MIRRORS } from "./limits.js";
import { callOf, childOf, mirrorOf, openMirrors } from "./run.js";

/** Why a call may not start a run; undefined where it may. */
export function childProblem({ run }: Draft): string | undefined {
  if ((run.depth ?? 0) >= MOST_DEPTH) return `Runs may start runs ${MOST_DEPTH} deep, and this one lies that deep.`;
  const started = run.turn.calls.filter(({ starts }) => starts !== undefined).length;
  if (started < CHILDREN_PER_TURN) return undefined;
  return `A turn may start at most ${CHILDREN_PER_TURN} runs; start the rest later.`;
}

export function recordChild(draft: Draft, command: RecordChild | TakeReport): Answer {
  const { callId, childRunId, agentName, agentVersion } = command;
  const known = childOf(draft.run, callId);
  if (known !== undefined) return known.runId === childRunId ? OK : NOT_ITS_CHILD;
  if (callOf(draft.run, callId)?.state.kind !== "starting") return NOT_ITS_CHILD;
  draft.emit({ type: "child_started", callId, childRunId, agentName, agentVersion });
  return OK;
}

const NOT_ITS_CHILD: Answer = { type: "not_its_child" };

export function refuseChild(draft: Draft, { callId, problem }: RefuseChild): Answer {
  const call = callOf(draft.run, callId);
  if (call?.state.kind !== "starting") return stale("No run is to be started for this call.");
  draft.finish(call, draft.run.phase.kind === "ending" ? UNFINISHED : { kind: "error", message: problem });
  return OK;
}

const UNFINISHED: CallOutcome = { kind: "cancelled", reason: "The run ended before this call had an outcome." };

export function takeReport(draft: Draft, report: TakeReport): Answer {
  const recorded = recordChild(draft, report);
  if (recorded.type !== "ok") return recorded;
  const { callId, sequence, waits, end } = report;
  const before = childOf(draft.run, callId)?.seen ?? 0;
  if (before > sequence) return stale("A later report of that run was taken.");
  for (const checkpoint of report.checkpoints) mirror(draft, report, checkpoint);
  const call = callOf(draft.run, callId);
  if (call?.state.kind !== "child") return OK;
  if (end !== undefined) {
    draft.finish(call, outcomeOf(draft, report, end));
    return OK;
  }
  // Told too where nothing of it is new: what was told before it and comes late is then known to be old.
  const child = childOf(draft.run, callId);
  if (child?.waits !== waits || child.seen < sequence)
    draft.emit({ type: "child_reported", ...ofChild(report), waits });
  return OK;
}

function ofChild({ callId, childRunId, sequence }: TakeReport) {
  return { callId, childRunId, childSequence: sequence };
}

/** A settlement outlives its run, and so does the mirror of it; of nothing else is anything told after the end. */
function mirror(draft: Draft, report: TakeReport, { closed, ...checkpoint }: ReportedCheckpoint): void {
  const { run } = draft;
  const { runId, approvalId, kind } = checkpoint;
  const known = mirrorOf(run, approvalId);
  const settles = kind === "SETTLEMENT";
  if (known !== undefined) {
    if (closed === undefined || known.closed !== undefined || (run.phase.kind === "ended" && !settles)) return;
    draft.emit({ type: "child_closed", ...ofChild(report), runId, approvalId, closing: closed });
    return;
  }
  if (closed !== undefined || run.phase.kind === "ended" || openMirrors(run).length >= OPEN_MIRRORS) return;
  if (callOf(run, report.callId)?.state.kind !== "child" || (run.phase.kind === "ending" && !settles)) return;
  draft.emit({ type: "child_waiting", ...ofChild(report), checkpoint });
}

function outcomeOf(draft: Draft, { childRunId, agentName }: TakeReport, end: ChildEnd): CallOutcome {
  const which = `Run ${childRunId} of agent ${agentName}`;
  switch (end.state) {
    case "COMPLETED":
      // Its output stands in its own run, so that of a long one the beginning is enough here.
      return fitted(draft, "approval", { kind: "result", text: end.result });
    case "CANCELLED":
      if (draft.run.phase.kind !== "active") return UNFINISHED;
      return {
        kind: "error",
        message: `${which} was cancelled by ${end.who}${end.reason === "" ? "." : `: ${end.reason}`}`,
      };
    case "FAILED":
      return { kind: "error", message: `${which} failed with ${end.reason}: ${end.message}` };
    case "TIMED_OUT":
      return { kind: "error", message: `${which} took too long: ${end.message}` };
    default:
      return end satisfies never;
  }
}
