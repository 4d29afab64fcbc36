// What facts make of the runs that a run started, and of what it has to tell its own parent.
import type { ChildClosed, ChildReported, ChildStarted, ChildWaiting } from "./events.js";
import { withCall } from "./evolve-call.js";
import { childOf, openCheckpoints, openMirrors, type Run, waitsForPeopleOnly } from "./run.js";

export function startChild(run: Run, { callId, childRunId }: ChildStarted, at: number): Run {
  const children = { ...run.children, [callId]: { runId: childRunId, seen: 0, waits: false } };
  return withCall({ ...run, children }, callId, (call) => ({
    ...call,
    state: { kind: "child", childRunId, since: at },
  }));
}

export function openMirror(run: Run, fact: ChildWaiting): Run {
  const { runId, approvalId, kind } = fact.checkpoint;
  const mirrors = { ...run.mirrors, [approvalId]: { callId: fact.callId, runId, kind } };
  return seen({ ...run, mirrors }, fact);
}

export function closeMirror(run: Run, fact: ChildClosed): Run {
  const mirror = run.mirrors?.[fact.approvalId];
  if (mirror === undefined) return seen(run, fact);
  return seen({ ...run, mirrors: { ...run.mirrors, [fact.approvalId]: { ...mirror, closed: true } } }, fact);
}

export function hearFromChild(run: Run, fact: ChildReported): Run {
  const child = childOf(run, fact.callId);
  if (child === undefined) return run;
  return seen({ ...run, children: { ...run.children, [fact.callId]: { ...child, waits: fact.waits } } }, fact);
}

function seen(run: Run, { callId, childSequence }: ChildWaiting | ChildClosed | ChildReported): Run {
  const child = childOf(run, callId);
  if (child === undefined) return run;
  return { ...run, children: { ...run.children, [callId]: { ...child, seen: childSequence } } };
}

/** Notes that the parent has to be told, where what it is to know has changed. */
export function keepReportable(before: Run, run: Run, sequence: number, at: number): Run {
  if (run.parentCallId === undefined || reportable(before) === reportable(run)) return run;
  return { ...run, reportable: { sequence, at } };
}

/** What a parent is to know: whether people are waited for, for what, and the end. */
function reportable(run: Run): string {
  const open = [...openCheckpoints(run), ...openMirrors(run)].map(({ approvalId }) => approvalId);
  return [run.phase.kind === "ended", waitsForPeopleOnly(run) && !run.paused, ...open].join();
}
