// The runs that an explored run starts, as simple ones that change in random ways and tell of it, soon, late or twice.
import type { Command, MirroredClosing, ReportedCheckpoint, Run, TakeReport } from "../../src/core/index.js";
import type { ExploredRun } from "./explored-run.js";
import { callIdOf, type Move, pick, rarely } from "./moves.js";

/** Everything that a child had to tell, newest last. */
export type Told = Omit<TakeReport, "type">;

export function childRunIdOf(callId: string): string {
  return `run_1_${callId}`;
}

/** It has been started, or cannot be. */
export function childMove(_: ExploredRun, run: Run, { x, y, z }: Move): Command {
  const callId = callIdOf(run, x, rarely(z, 3) ? ["child"] : ["starting"]);
  if (rarely(z, 2)) return { type: "refuse_child", callId, problem: "There is no such agent." };
  const childRunId = rarely(y, 9) ? "run_of_somebody" : childRunIdOf(callId);
  return { type: "record_child", callId, childRunId, agentName: "helper", agentVersion: "v1" };
}

/** What a child tells: mostly what has just become of it, sometimes the same again, or what it told some time ago. */
export function reported({ told }: ExploredRun, run: Run, { x, y, z }: Move): Told {
  const callId = callIdOf(run, x, ["starting", "child"]);
  const before = told.get(callId) ?? [];
  const last = before.at(-1);
  if (last !== undefined && rarely(y, 4)) return pick(before, z) ?? last;
  const next = changed(last ?? firstOf(callId), y, z);
  told.set(callId, [...before, next]);
  const childRunId = rarely(x, 17) ? "run_of_somebody" : next.childRunId;
  return { ...next, childRunId };
}

function firstOf(callId: string): Told {
  const childRunId = childRunIdOf(callId);
  return { callId, childRunId, agentName: "helper", agentVersion: "v1", sequence: 1, waits: false, checkpoints: [] };
}

function changed(last: Told, y: number, z: number): Told {
  const sequence = last.sequence + 1 + (z % 3);
  const open = last.checkpoints.filter(({ closed }) => closed === undefined);
  // Of a run that has ended, settlements are decided and nothing else.
  const some = last.end === undefined ? open : open.filter(({ kind }) => kind === "SETTLEMENT");
  const chosen = pick(some, z);
  if (chosen !== undefined && (rarely(y, 3) || last.end !== undefined)) {
    const checkpoints = last.checkpoints.map((one) => (one === chosen ? { ...one, closed: closingOf(z) } : one));
    return { ...last, sequence, checkpoints };
  }
  if (last.end !== undefined) return { ...last, sequence };
  if (rarely(y, 5)) {
    const end: NonNullable<Told["end"]> = pick(
      [
        { state: "COMPLETED", result: '"well"' },
        { state: "FAILED", reason: "MAX_TURNS", message: "no answer" },
        { state: "CANCELLED", who: "noah", reason: "" },
      ],
      z,
    ) ?? { state: "COMPLETED", result: "1" };
    const checkpoints = last.checkpoints.map((one): ReportedCheckpoint => {
      if (one.closed !== undefined || one.kind === "SETTLEMENT") return one;
      return { ...one, closed: { how: "cancelled", at: sequence } };
    });
    return { ...last, sequence, checkpoints, end, waits: false };
  }
  if (rarely(y, 2)) return { ...last, sequence, waits: !last.waits };
  return {
    ...last,
    sequence,
    waits: rarely(z, 2),
    checkpoints: [...last.checkpoints, checkpointOf(last, sequence, z)],
  };
}

function checkpointOf({ callId, childRunId }: Told, sequence: number, z: number): ReportedCheckpoint {
  return {
    // One of its own, or of a run below it.
    runId: rarely(z, 3) ? `${childRunId}_t1c1` : childRunId,
    agentName: "helper",
    approvalId: `apr_${callId}_${sequence}`,
    callId: "t1c1",
    kind: pick(["APPROVAL", "QUESTION", "SETTLEMENT"] as const, z) ?? "APPROVAL",
    tool: "refund",
    digest: "sha256:1",
    requestedAt: sequence,
    votesRequired: 1,
  };
}

function closingOf(z: number): MirroredClosing {
  if (rarely(z, 3)) return { how: "expired", at: z };
  return { how: "decided", at: z, outcome: "approved", who: "maria", decisionId: `c${z}` };
}
