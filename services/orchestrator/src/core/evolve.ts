// Folds events into the state. It decides nothing: every fact is taken as it stands, and folding a run's events from
// the first gives its document.
//
// What follows from facts without a fact of its own is done here, once, in `settleTurn`: when every call of a turn has
// its outcome the next model call is owed, and the clock of the deadline runs exactly while the run itself is at work.

import type { ClaimRecord } from "./claim-record.js";
import type { End, Fact, Paused, Resumed, RunEvent } from "./events.js";
import {
  afterGrantEnded,
  afterProbeAnswered,
  callFrom,
  claimFrom,
  offered,
  probed,
  ready,
  refusedFor,
  released,
  reported,
  withCall,
} from "./evolve-call.js";
import {
  afterDecision,
  closeCheckpoint,
  escalate,
  openByGrant,
  openCheckpoint,
  recordAct,
  remind,
} from "./evolve-checkpoint.js";
import { closeMirror, hearFromChild, keepReportable, openMirror, startChild } from "./evolve-child.js";
import { afterCheckWanted, afterPreviewAsked, afterPreviewTaken, previewsResumed } from "./evolve-preview.js";
import { pastCallsAfterTurn } from "./past-calls.js";
import { type EndWithoutOutput, type ModelStep, type Run, SCHEMA, stateOf } from "./run.js";

export function evolve(run: Run | undefined, event: RunEvent): Run {
  const { fact, sequence, at, by } = event;
  if (run === undefined) {
    if (fact.type !== "run_started") throw new Error(`A run begins with run_started, not with ${fact.type}.`);
    return begin(fact, event);
  }
  if (sequence !== run.lastSequence + 1) {
    throw new Error(`Run ${run.runId} is at ${run.lastSequence}: event ${sequence} cannot follow.`);
  }
  const changed: Run = { ...apply(run, fact, event), lastSequence: sequence, updatedAt: at };
  return keepReportable(run, keepClock(settleTurn(changed, at, by), at), sequence, at);
}

/** Folds a whole history. */
export function fold(events: Iterable<RunEvent>): Run | undefined {
  let run: Run | undefined;
  for (const event of events) run = evolve(run, event);
  return run;
}

function begin(fact: Extract<Fact, { type: "run_started" }>, { sequence, at, by }: RunEvent): Run {
  return {
    schema: SCHEMA,
    runId: fact.runId,
    namespace: fact.namespace,
    lastSequence: sequence,
    startedAt: at,
    updatedAt: at,
    startedBy: fact.startedBy,
    ...(fact.onBehalfOf === undefined ? {} : { onBehalfOf: fact.onBehalfOf }),
    ...(fact.parentRunId === undefined ? {} : { parentRunId: fact.parentRunId }),
    ...(fact.parentCallId === undefined ? {} : { parentCallId: fact.parentCallId }),
    ...(fact.rootRunId === undefined ? {} : { rootRunId: fact.rootRunId }),
    ...(fact.depth === undefined ? {} : { depth: fact.depth }),
    requestHash: fact.requestHash,
    agentName: fact.agentName,
    agentVersion: fact.agentVersion,
    maxTurns: fact.maxTurns,
    labels: fact.labels,
    paused: false,
    phase: { kind: "active" },
    turn: { number: 1, model: { kind: "calling", attempt: 1, holder: by, since: at, notBefore: at }, calls: [] },
    checkpoints: {},
    acts: {},
    pastCalls: {},
    usage: { inputTokens: 0, outputTokens: 0 },
    ...(fact.deadlineMs === undefined ? {} : { deadline: { limitMs: fact.deadlineMs, spentMs: 0, runningSince: at } }),
    warnedOf: [],
  };
}

function apply(run: Run, fact: Fact, { sequence, at, by }: RunEvent): Run {
  switch (fact.type) {
    case "run_started":
      throw new Error(`Run ${run.runId} has started already.`);
    case "model_replied":
      return {
        ...run,
        turn: { ...run.turn, model: { kind: "replied", sequence }, calls: [] },
        usage: {
          inputTokens: run.usage.inputTokens + fact.usage.inputTokens,
          outputTokens: run.usage.outputTokens + fact.usage.outputTokens,
        },
      };
    case "model_failed":
      return withModel(run, modelStep(run, fact.attempt + 1, by, at, fact.retryAt));
    case "tool_call":
      return { ...run, turn: { ...run.turn, calls: [...run.turn.calls, callFrom(fact, sequence, at)] } };
    case "tool_started":
      return withCall(run, fact.callId, (call) => ({
        ...refusedFor(call, undefined),
        gate: fact.gate,
        claims: [...call.claims, claimFrom(fact)],
        state: {
          kind: "claimed",
          attempt: fact.attempt,
          nonce: fact.nonce,
          workerId: fact.workerId,
          incarnation: fact.incarnation,
          since: at,
          ...(fact.deadline === undefined ? {} : { deadline: fact.deadline }),
          ...(fact.probe === true ? { probe: true } : {}),
          ...(fact.enforcesKey === true ? { enforcesKey: true } : {}),
        },
      }));
    case "attempt_failed":
      return withCall(run, fact.callId, (call) => ({
        ...call,
        failures: call.failures + 1,
        claims: fact.reason === "TOOL_FAILED" ? reported(call.claims, fact, "ACCEPTED") : call.claims,
        ...offered(call, call.attempts + 1, at, fact.retryAt),
      }));
    case "task_released":
      return withCall(run, fact.callId, (call) => ({
        ...refusedFor(call, fact.reason),
        releases: call.releases + 1,
        claims: released(call.claims, fact),
        attempts: call.attempts + 1,
        state: ready(call.attempts + 1, at, fact.retryAt),
      }));
    case "probing":
      return withCall(run, fact.callId, (call) => probed(call, fact, at));
    case "probe_answered":
      return withCall(run, fact.callId, (call) => afterProbeAnswered(call, fact, at));
    case "preview_asked":
      return afterPreviewAsked(run, fact);
    case "preview_taken":
      return afterPreviewTaken(run, fact, sequence, at);
    case "check_wanted":
      return afterCheckWanted(run, fact, at);
    case "grant_ended":
      return withCall(run, fact.callId, (call) => afterGrantEnded(call, at));
    case "tool_result":
      return withCall(run, fact.callId, (call) => ({
        ...call,
        claims: fact.nonce === undefined ? call.claims : reported(call.claims, fact, "ACCEPTED"),
        state: { kind: "finished", sequence },
      }));
    case "waiting":
      return openCheckpoint(run, fact, sequence, at);
    case "voted":
      return recordAct(run, fact, sequence, at, false);
    case "decided":
      return afterDecision(
        recordAct(openByGrant(run, fact, sequence, at), fact, sequence, at, true),
        fact,
        sequence,
        at,
      );
    case "checkpoint_closed":
      return closeCheckpoint(run, fact.approvalId, {
        how: ({ EXPIRED: "expired", CANCELLED: "cancelled", WITHDRAWN: "withdrawn" } as const)[fact.why],
        at,
        sequence,
      });
    case "escalated":
      return escalate(run, fact, sequence, at);
    case "reminded":
      return remind(run, fact);
    case "paused":
      return { ...withControl(run, fact, sequence, at), paused: true };
    case "resumed": {
      const { model } = run.turn;
      // Announced again, and nobody could claim them meanwhile.
      const calls = run.turn.calls.map((call) =>
        call.state.kind === "ready"
          ? { ...call, ...offered(call, call.state.attempt, at, call.state.notBefore) }
          : call,
      );
      const announced: Run = { ...withControl(run, fact, sequence, at), paused: false, turn: { ...run.turn, calls } };
      const resumed = previewsResumed(announced, at);
      return model.kind === "held" ? withModel(resumed, modelStep(resumed, model.attempt, by, at, at)) : resumed;
    }
    case "warning":
      if (fact.reason === "OUTPUT_INVALID") return nextTurn(run, at, by);
      return { ...run, warnedOf: [...run.warnedOf, fact.reason] };
    case "late_outcome": {
      const kept = withClaims(run, fact.callId, (claims) => reported(claims, fact, "LATE"));
      if (fact.settles === undefined) return kept;
      return closeCheckpoint(kept, fact.settles, { how: "withdrawn", at, sequence });
    }
    case "child_started":
      return startChild(run, fact, at);
    case "child_waiting":
      return openMirror(run, fact);
    case "child_closed":
      return closeMirror(run, fact);
    case "child_reported":
      return hearFromChild(run, fact);
    case "ending":
      return { ...run, phase: { kind: "ending", end: fact.end } };
    case "ended":
      return { ...run, phase: { kind: "ended", end: withoutOutput(fact.end), at, sequence } };
    default:
      return fact satisfies never;
  }
}

function withControl(run: Run, { type, requestId }: Paused | Resumed, sequence: number, at: number): Run {
  const known = requestId === undefined ? {} : { controls: { ...run.controls, [requestId]: type } };
  return { ...run, ...known, control: { sequence, at } };
}

/** A model call that is owed now, or held where the run is paused. */
function modelStep(run: Run, attempt: number, holder: string, since: number, notBefore: number): ModelStep {
  return run.paused ? { kind: "held", attempt } : { kind: "calling", attempt, holder, since, notBefore };
}

/** When every call of the turn has its outcome, the next turn begins. */
function settleTurn(run: Run, at: number, by: string): Run {
  if (run.phase.kind !== "active" || run.turn.model.kind !== "replied" || run.turn.calls.length === 0) return run;
  // The calls of a reply come as events of their own right behind it; the turn is settled once the last is here.
  if (run.turn.calls.some((call) => call.state.kind !== "finished")) return run;
  return nextTurn(run, at, by);
}

function nextTurn(run: Run, at: number, by: string): Run {
  const number = run.turn.number + 1;
  const pastCalls = pastCallsAfterTurn(run);
  if (run.turn.number >= run.maxTurns) {
    return { ...run, pastCalls, turn: { number: run.turn.number, model: { kind: "exhausted" }, calls: [] } };
  }
  return { ...run, pastCalls, turn: { number, model: modelStep(run, 1, by, at, at), calls: [] } };
}

/** The deadline's clock stands still while the run waits for people or is paused. */
function keepClock(run: Run, at: number): Run {
  const { deadline } = run;
  if (deadline === undefined) return run;
  const runs = stateOf(run) === "RUNNING";
  if (runs === (deadline.runningSince !== undefined)) return run;
  const { limitMs, spentMs, runningSince } = deadline;
  if (runs) return { ...run, deadline: { limitMs, spentMs, runningSince: at } };
  return { ...run, deadline: { limitMs, spentMs: spentMs + Math.max(0, at - (runningSince ?? at)) } };
}

function withModel(run: Run, model: ModelStep): Run {
  return { ...run, turn: { ...run.turn, model } };
}

function withClaims(run: Run, callId: string, change: (claims: readonly ClaimRecord[]) => readonly ClaimRecord[]): Run {
  const past = run.pastCalls[callId];
  if (past !== undefined) {
    return { ...run, pastCalls: { ...run.pastCalls, [callId]: { ...past, claims: change(past.claims) } } };
  }
  return withCall(run, callId, (call) => ({ ...call, claims: change(call.claims) }));
}

function withoutOutput(end: End): EndWithoutOutput {
  return end.state === "COMPLETED" ? { state: "COMPLETED" } : end;
}
