// What a run tells the one that started it, read from its state; the result of its output comes from its last event.

import type { Checkpoint, Closing } from "./checkpoint.js";
import type { ReportedCheckpoint, TakeReport } from "./commands.js";
import type { ChildClosed, ChildWaiting, Fact, MirroredClosing } from "./events.js";
import type { Run } from "./run.js";
import { stateOf } from "./run.js";

/**
 * Undefined where nobody has to be told. `events` are the run's, as far as needed: its terminal one, and those that tell
 * of what it mirrors.
 */
export function reportOf(run: Run, events: readonly { readonly fact: Fact }[]): TakeReport | undefined {
  const { parentCallId: callId, runId: childRunId, agentName, agentVersion } = run;
  if (callId === undefined || run.reportable === undefined) return undefined;
  const { sequence } = run.reportable;
  const end = endOf(run, events);
  return {
    ...{ type: "take_report", callId, childRunId, agentName, agentVersion, sequence },
    waits: stateOf(run) === "WAITING",
    checkpoints: [...Object.values(run.checkpoints).map((own) => reported(run, own)), ...passedOn(events)],
    ...(end === undefined ? {} : { end }),
  };
}

function reported({ runId, agentName }: Run, checkpoint: Checkpoint): ReportedCheckpoint {
  const { approvalId, callId, kind, tool, digest, requestedAt, votesRequired, expiresAt, closed } = checkpoint;
  return {
    ...{ runId, agentName, approvalId, callId, kind, tool, digest, requestedAt, votesRequired },
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...(closed === undefined ? {} : { closed: closingOf(closed) }),
  };
}

function closingOf(closed: Closing): MirroredClosing {
  const { sequence: _, ...closing } = closed;
  return closing;
}

/** What it mirrors itself. */
function passedOn(events: readonly { readonly fact: Fact }[]): readonly ReportedCheckpoint[] {
  const facts = events.map(({ fact }) => fact);
  const closings = new Map(facts.filter(isClosed).map(({ approvalId, closing }) => [approvalId, closing]));
  return facts.filter(isWaiting).map(({ checkpoint }) => {
    const closed = closings.get(checkpoint.approvalId);
    return closed === undefined ? checkpoint : { ...checkpoint, closed };
  });
}

function isWaiting(fact: Fact): fact is ChildWaiting {
  return fact.type === "child_waiting";
}

function isClosed(fact: Fact): fact is ChildClosed {
  return fact.type === "child_closed";
}

function endOf({ phase }: Run, events: readonly { readonly fact: Fact }[]): TakeReport["end"] {
  if (phase.kind !== "ended") return undefined;
  if (phase.end.state !== "COMPLETED") return phase.end;
  const ended = events.map(({ fact }) => fact).find((fact) => fact.type === "ended");
  const output = ended?.end.state === "COMPLETED" ? ended.end.output : "{}";
  return { state: "COMPLETED", result: resultIn(output) };
}

/** The output is ours: an object whose first member is the result and whose last is why the model stopped. */
function resultIn(output: string): string {
  return /^\{"result":([\s\S]*),"finishReason":"[A-Z_]*"\}$/u.exec(output)?.[1] ?? output;
}
