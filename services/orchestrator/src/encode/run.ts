// A run as the public RunStatus message.

import { type Approval, type RunStatus, RunStatusSchema } from "@agentspan/proto";
import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type Checkpoint, openCheckpoints, type Run, type RunEvent, stateOf } from "../core/index.js";
import type { StoredRun } from "../ports.js";
import { encodeApproval, runStateOf } from "./approval.js";

/** The whole status; `blockedOn` names tools with a task that no connected worker serves. */
export function encodeStatus(stored: StoredRun, blockedOn: readonly string[]): RunStatus {
  const status = encodeSummary(stored.run);
  status.pendingApprovals = openApprovals(stored);
  status.blockedOn = [...blockedOn];
  const { phase } = stored.run;
  if (phase.kind === "ended")
    status.outputJson = outputOf(stored.events.find(({ sequence }) => sequence === phase.sequence));
  return status;
}

function outputOf(terminal: RunEvent | undefined): string {
  return terminal?.fact.type === "ended" && terminal.fact.end.state === "COMPLETED" ? terminal.fact.end.output : "";
}

/** A status for lists: without output, arguments and workers. */
export function encodeSummary(run: Run): RunStatus {
  const { phase } = run;
  const state = stateOf(run);
  const end = phase.kind === "ended" ? phase.end : undefined;
  const error =
    end === undefined || end.state === "COMPLETED"
      ? {}
      : end.state === "CANCELLED"
        ? { error: { reason: "CANCELLED", message: end.reason } }
        : { error: { reason: end.reason, message: end.message } };
  return create(RunStatusSchema, {
    runId: run.runId,
    state: runStateOf(state),
    isRunning: state === "RUNNING",
    isWaiting: openCheckpoints(run).length > 0,
    isComplete: phase.kind === "ended",
    ending: phase.kind === "ending",
    usage: { inputTokens: BigInt(run.usage.inputTokens), outputTokens: BigInt(run.usage.outputTokens) },
    lastSequence: BigInt(run.lastSequence),
    agentName: run.agentName,
    agentVersion: run.agentVersion,
    createdAt: timestampFromMs(run.startedAt),
    updatedAt: timestampFromMs(run.updatedAt),
    labels: { ...run.labels },
    startedBy: run.startedBy,
    paused: run.paused,
    parentRunId: run.parentRunId ?? "",
    ...error,
    ...(phase.kind === "ended" ? { endedAt: timestampFromMs(phase.at) } : {}),
  });
}

/** Bytes of arguments that one answer shows of a run; a turn may have more than a message can carry. */
const SHOWN_ARGUMENTS_BYTES = 512 * 1024;

/** The open checkpoints of a run, oldest first; arguments that would make the answer too large are left out. */
export function openApprovals(stored: StoredRun, wanted: (checkpoint: Checkpoint) => boolean = () => true): Approval[] {
  let shown = 0;
  return openCheckpoints(stored.run)
    .filter(wanted)
    .map((open) => {
      const approval = openApproval(stored, open);
      const bytes = Buffer.byteLength(approval.argumentsJson);
      if (shown + bytes > SHOWN_ARGUMENTS_BYTES) approval.argumentsJson = "";
      else shown += bytes;
      return approval;
    });
}

/** An open checkpoint; all its events are in the document, since an open turn never leaves it. */
function openApproval(stored: StoredRun, checkpoint: Checkpoint): Approval {
  const at = (sequence: number): RunEvent | undefined => stored.events.find((event) => event.sequence === sequence);
  return encodeApproval(stored.run, checkpoint, {
    waiting: at(checkpoint.sequence),
    shown: at(checkpoint.argumentsSequence),
    votes: checkpoint.votes.map(({ sequence }) => at(sequence)),
  });
}
