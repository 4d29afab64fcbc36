// A run as the public RunStatus message.
import { type RunStatus, RunStatusSchema } from "@agentspan/proto";
import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { openCheckpoints, openMirrors, type Run, stateOf } from "../core/index.js";
import { runStateOf } from "./approval.js";

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
    isWaiting: openCheckpoints(run).length + openMirrors(run).length > 0,
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
    parentCallId: run.parentCallId ?? "",
    rootRunId: run.rootRunId ?? "",
    ...error,
    ...(phase.kind === "ended" ? { endedAt: timestampFromMs(phase.at) } : {}),
  });
}
