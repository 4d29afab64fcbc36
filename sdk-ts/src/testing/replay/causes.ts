// What may have brought a recorded event about: the commands, the likeliest first. Which of them did is found out by
// trial against the definition that the run was pinned to (replay-run.ts): the core is pure, so that trying costs nothing.
import type { Agent, Command, ReleaseReason, Run } from "@agentspan/orchestrator/core";
import type { MappedEvent } from "../../event-mapping.js";
import { childReport, endOfChild } from "./child-causes.js";
import { broughtBy, NOTHING_DEMANDED, type Owners } from "./owners.js";
import { decisionCauses } from "./people-causes.js";
import type { EventOf, RecordedRun } from "./recorded-run.js";
import { replyCause, startCause } from "./reply-cause.js";

/** A place in a record, and how its run stands there. */
export interface Place {
  readonly record: RecordedRun;
  readonly index: number;
  readonly run: Run | undefined;
  readonly owners: Owners;
  /** The definition that the run is pinned to. */
  readonly agent: Agent;
}

/** Empty where the event only ever follows from another one. */
export function causesOf(place: Place, event: MappedEvent): readonly Command[] {
  const { record, index, run } = place;
  switch (event.type) {
    case "run_started":
      return [startCause(place, event)];
    case "model_replied":
      return [replyCause(place, event)];
    case "tool_started":
      return [claim(place, event.callId, event.attempt), ...claimWithOutcome(place, event)];
    case "check_wanted":
      return [claim(place, event.callId, attemptOf(run, event.callId))];
    case "tool_result":
      return endOfCall(place, event);
    case "late_outcome":
      return complete(place, event.callId, event.attempt, event.outcome);
    case "error":
      return event.callId === "" ? modelError(run, event) : toolError(place, event);
    case "probing":
      return lost(run, event.callId, event.unknownOutcome?.lastHeartbeatAt);
    case "probe_answered":
      return [probeAnswer(place, event)];
    case "preview_asked":
      return [
        {
          type: "claim_preview",
          callId: event.callId,
          attempt: attemptsOf(run, event.callId),
          workerId: event.workerId,
        },
      ];
    case "preview_taken":
      return event.workerId === "" ? [TICK] : [previewAnswer(run, event)];
    case "waiting":
      if (event.childRunId !== "") return childReport(place, event);
      if (event.kind === "SETTLEMENT") {
        return [
          ...lost(run, event.callId, event.approval.unknownOutcome?.lastHeartbeatAt),
          ownersClaim(place, event.callId),
        ];
      }
      return [ownersClaim(place, event.callId)];
    case "voted":
      return decisionCauses(place, event);
    case "decided":
      return event.childRunId === "" ? decisionCauses(place, event) : childReport(place, event);
    case "checkpoint_closed":
      if (event.childRunId !== "") return childReport(place, event);
      return event.why === "WITHDRAWN" ? withdrawal(place, event) : [TICK];
    case "escalated": {
      // Whoever decides too late finds it out, where no clock did.
      const next = record.at(index + 1);
      return [TICK, ...(next?.type === "voted" || next?.type === "decided" ? decisionCauses(place, next) : [])];
    }
    case "reminded":
      return [TICK];
    case "child_started":
    case "child_reported":
      return childReport(place, event);
    case "paused":
      return [{ type: "pause", who: event.by, reason: event.reason, requestId: `pause ${event.sequence}` }];
    case "resumed":
      return [{ type: "resume", who: event.by, requestId: `resume ${event.sequence}` }];
    case "ending":
      return ending(place, event);
    case "tool_call":
    case "warning":
    case "done":
    case "failed":
    case "cancelled":
    case "timed_out":
    case "delta":
    case "unknown":
      return [];
    default:
      return event satisfies never;
  }
}

const TICK: Command = { type: "tick" };

function nonceOf(callId: string, attempt: number): string {
  return `${callId}/${attempt}`;
}

function taskOf({ record }: Place, callId: string, attempt: number) {
  const workerId = record.workerOf(callId, attempt);
  return { callId, attempt, nonce: nonceOf(callId, attempt), workerId, incarnation: workerId };
}

function attemptsOf(run: Run | undefined, callId: string): number {
  return run?.turn.calls.find((call) => call.callId === callId)?.attempts ?? 1;
}

function attemptOf(run: Run | undefined, callId: string): number {
  const state = run?.turn.calls.find((call) => call.callId === callId)?.state;
  return state !== undefined && "attempt" in state ? state.attempt : 1;
}

function digestOf(run: Run | undefined, callId: string): string {
  const call = run?.turn.calls.find((one) => one.callId === callId);
  return call?.digest ?? run?.pastCalls[callId]?.digest ?? "";
}

function claim(place: Place, callId: string, attempt: number): Command {
  const { record, owners } = place;
  const owner = owners.get(record.call(callId)?.toolName ?? "") ?? NOTHING_DEMANDED;
  // What an owner demands at a claim opens an approval; what began, began without it, or after it.
  const brought = broughtBy(record, callId, attempt);
  const task = taskOf(place, callId, attempt);
  return { type: "claim", ...task, owner: { ...owner, ...brought, approval: false }, store: true };
}

/** The claim of a plain call may be stored with what came of it, and a pause does not keep that out. */
function claimWithOutcome(place: Place, { callId, attempt }: EventOf<"tool_started">): readonly Command[] {
  const next = place.record.at(place.index + 1);
  if (next?.type === "tool_result" && next.callId === callId) return complete(place, callId, attempt, next.outcome);
  return next?.type === "error" && next.callId === callId ? toolError(place, next) : [];
}

/** A worker came for it, and its tool's owner asks for people. */
function ownersClaim(place: Place, callId: string): Command {
  const { record, run, owners } = place;
  const owner = owners.get(record.call(callId)?.toolName ?? "") ?? NOTHING_DEMANDED;
  const task = taskOf(place, callId, attemptOf(run, callId));
  return { type: "claim", ...task, owner: { ...owner, approval: true }, store: true };
}

function complete(
  place: Place,
  callId: string,
  attempt: number,
  outcome: EventOf<"tool_result">["outcome"],
): readonly Command[] {
  const digest = digestOf(place.run, callId);
  const report = { type: "complete", ...taskOf(place, callId, attempt), digest } as const;
  switch (outcome.kind) {
    case "result":
      return [{ ...report, outcome: { kind: "result", text: outcome.json } }];
    case "truncated": {
      const { sizeBytes: bytes, head } = outcome;
      return [{ ...report, outcome: { kind: "truncated", digest: outcome.digest, bytes, head } }];
    }
    case "error": {
      const { message } = outcome;
      // Whether another try could have helped is not on record. It could where it was tried before.
      const retryable = (place.run?.turn.calls.find((call) => call.callId === callId)?.failures ?? 0) > 0;
      return [{ ...report, outcome: { kind: "error", message, retryable } }];
    }
    default:
      return [];
  }
}

function endOfCall(place: Place, event: EventOf<"tool_result">): readonly Command[] {
  const { callId, attempt, outcome } = event;
  const kind = place.run?.turn.calls.find((call) => call.callId === callId)?.state.kind;
  if (kind === "child" || kind === "starting") return endOfChild(place, event);
  // What time or a loss says in its own words is not what a worker said.
  const unsaid = outcome.kind === "error" ? lost(place.run, callId) : [];
  return [...unsaid, ...complete(place, callId, attempt, outcome)];
}

/** Its time was over, its worker was lost, or did not have it any more. */
function lost(run: Run | undefined, callId: string, seen?: Date): readonly Command[] {
  const state = run?.turn.calls.find((call) => call.callId === callId)?.state;
  if (state === undefined || !("nonce" in state)) return [TICK];
  const { attempt, nonce, incarnation } = state;
  const at = seen?.getTime();
  const heartbeat = at === undefined ? {} : { lastHeartbeatAt: at };
  const end = { type: "end_claim", callId, attempt, nonce, ...heartbeat } as const;
  return [
    at === undefined ? TICK : { type: "tick", lastHeartbeats: { [incarnation]: at } },
    { ...end, how: "LEASE_ENDED" },
    { ...end, how: "DISOWNED" },
  ];
}

function modelError(run: Run | undefined, { reason, message, attempt }: EventOf<"error">): readonly Command[] {
  const step = { turn: run?.turn.number ?? 1, attempt };
  if (reason === "MODEL_LOST") return [{ type: "replace_model_call", ...step }];
  return [{ type: "take_model_failure", ...step, failure: { message, retryable: true } }];
}

const RELEASES: readonly ReleaseReason[] = ["SHUTTING_DOWN", "INCOMPATIBLE", "TOO_LATE", "NO_PROOF"];

function toolError(place: Place, { callId, reason, message, attempt }: EventOf<"error">): readonly Command[] {
  const { run } = place;
  const task = taskOf(place, callId, attempt);
  switch (reason) {
    case "TOOL_FAILED": {
      const outcome = { kind: "error", message, retryable: true } as const;
      return [{ type: "complete", ...task, digest: digestOf(run, callId), outcome }];
    }
    case "TOOL_RELEASED": {
      // The reason in words, and behind them the worker's own, if any.
      const details = ["", message.replace(/^[^.]*\. ?/u, "")];
      return RELEASES.flatMap((why) =>
        details.map((detail): Command => ({ type: "release", ...task, reason: why, detail })),
      );
    }
    default:
      return lost(run, callId);
  }
}

function probeAnswer(place: Place, event: EventOf<"probe_answered">): Command {
  const { record, index, run } = place;
  const { callId, attempt, workerId, detail, verdict: said } = event;
  const verdict = said === "HAPPENED" || said === "DID_NOT_HAPPEN" ? said : "UNKNOWN";
  const found = record.nextOf(callId, index, "tool_result")?.outcome;
  const result = verdict === "HAPPENED" && found?.kind === "result" ? found.json : "";
  return { type: "answer_probe", callId, attempt, workerId, digest: digestOf(run, callId), verdict, result, detail };
}

function previewAnswer(run: Run | undefined, event: EventOf<"preview_taken">): Command {
  const { callId, number, workerId, status, contentJson, detail } = event;
  const checkpoint = run?.checkpoints[event.approvalId];
  // An edit of an open approval is looked at before it is the call's.
  const digest = event.purpose === "SHOWN" ? (checkpoint?.digest ?? "") : digestOf(run, callId);
  const said =
    status === "FAILED" ? ({ kind: "failed", detail } as const) : ({ kind: "found", text: contentJson } as const);
  return { type: "answer_preview", callId, number, digest, workerId, said };
}

/** The worker reported after all, or gave back what it had not begun. */
function withdrawal(place: Place, { callId }: EventOf<"checkpoint_closed">): readonly Command[] {
  const { record, index } = place;
  const next = record.at(index + 1);
  if (next?.type === "tool_result") return complete(place, callId, next.attempt, next.outcome);
  return next?.type === "error" ? toolError(place, next) : [];
}

function ending(place: Place, { state, reason }: EventOf<"ending">): readonly Command[] {
  const { record, index, run } = place;
  switch (state) {
    case "CANCELLED":
      return [{ type: "cancel", who: record.next(index, "cancelled")?.by ?? "", reason }];
    case "TIMED_OUT":
      return [TICK];
    default: {
      if (reason !== "MODEL_FAILED" || run?.turn.model.kind !== "calling") return [];
      const step = { turn: run.turn.number, attempt: run.turn.model.attempt };
      const message = record.next(index, "failed")?.error?.message ?? "";
      return [
        { type: "replace_model_call", ...step },
        { type: "take_model_failure", ...step, failure: { message, retryable: false } },
      ];
    }
  }
}
