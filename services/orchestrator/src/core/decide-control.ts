// Starting, cancelling, pausing, and the passing of time.
import { passTime } from "./checkpoint-time.js";
import type { Answer, Cancel, Pause, Rejection, Resume, Start, Tick } from "./commands.js";
import { giveUpPreview, isPreviewOver } from "./decide-preview.js";
import { giveUpProbe } from "./decide-probe.js";
import { lose } from "./decide-task.js";
import { type Context, type Draft, OK, reject } from "./draft.js";
import type { RunStarted } from "./events.js";
import { deadlineOf } from "./obligations.js";
import type { Call, Run } from "./run.js";

export function started(command: Start, { agent }: Context): RunStarted {
  const { type: _, ...start } = command;
  const deadlineMs = start.deadlineMs ?? agent.deadlineMs;
  return {
    ...start,
    type: "run_started",
    agentName: agent.name,
    agentVersion: agent.version,
    maxTurns: agent.maxTurns,
    ...(deadlineMs === undefined ? {} : { deadlineMs }),
  };
}

/** The same key with the same request finds its run; with another it is refused. */
export function startAgain(run: Run, command: Start): Answer | Rejection {
  if (run.requestHash === command.requestHash) return { type: "started", created: false };
  return reject("IDEMPOTENCY_KEY_REUSED", `The idempotency key started run ${run.runId} with another request.`);
}

export function cancel(draft: Draft, { who, reason }: Cancel): Answer | Rejection {
  const { phase } = draft.run;
  if (phase.kind === "active") {
    draft.end({ state: "CANCELLED", reason, who });
    return OK;
  }
  return phase.end.state === "CANCELLED" ? OK : ended(draft.run);
}

export function pause(draft: Draft, { who, reason, requestId }: Pause): Answer | Rejection {
  const known = knownControl(draft.run, requestId, "paused");
  if (known !== undefined) return known;
  if (draft.run.phase.kind !== "active") return ended(draft.run);
  if (!draft.run.paused) draft.emit({ type: "paused", who, reason, requestId });
  return OK;
}

export function resume(draft: Draft, { who, requestId }: Resume): Answer | Rejection {
  const known = knownControl(draft.run, requestId, "resumed");
  if (known !== undefined) return known;
  if (draft.run.phase.kind !== "active") return ended(draft.run);
  if (draft.run.paused) draft.emit({ type: "resumed", who, requestId });
  return OK;
}

/** What was carried out already is not carried out again, whatever the run is by now. */
function knownControl(run: Run, requestId: string, asked: "paused" | "resumed"): Answer | Rejection | undefined {
  const controls = run.controls ?? {};
  if (!Object.hasOwn(controls, requestId)) return undefined;
  if (controls[requestId] === asked) return OK;
  return reject("IDEMPOTENCY_KEY_REUSED", `Request id ${requestId} of run ${run.runId} was used for something else.`);
}

function ended(run: Run): Rejection {
  const how = run.phase.kind === "ended" ? `has ended (${run.phase.end.state})` : "is ending";
  return reject("RUN_ENDED", `Run ${run.runId} ${how}.`);
}

/** Everything that is due by now: the run's deadline, tools' time-outs, checkpoints that expire. */
export function tick(draft: Draft, { lastHeartbeats = {} }: Tick): Answer {
  const { now } = draft;
  for (const { callId } of draft.run.turn.calls) {
    const call = draft.run.turn.calls.find((candidate) => candidate.callId === callId);
    if (call === undefined) continue;
    const { state } = call;
    if (state.kind === "claimed" && state.deadline !== undefined && state.deadline <= now) {
      lose(draft, call, { cause: "TIMED_OUT", lastHeartbeatAt: lastHeartbeats[state.incarnation] });
    } else if (state.kind === "probing" && state.until <= now) {
      giveUpProbe(draft, call);
    } else if (isPreviewOver(draft, call)) {
      giveUpPreview(draft, call);
    } else if (waitsForWorker(call) && !draft.run.paused && call.startBy !== undefined && call.startBy <= now) {
      draft.drop(call, { kind: "error", message: "No worker took the task within its start time-out." });
    }
  }
  passTime(draft);
  const deadline = draft.run.phase.kind === "active" ? deadlineOf(draft.run) : undefined;
  if (deadline !== undefined && deadline <= now) {
    const message = `The run worked longer than its deadline of ${draft.run.deadline?.limitMs} ms.`;
    draft.end({ state: "TIMED_OUT", reason: "DEADLINE", message });
  }
  return OK;
}

function waitsForWorker({ state }: Call): boolean {
  return state.kind === "ready" || (state.kind === "checking" && state.until === undefined);
}
