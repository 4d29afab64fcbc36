// What facts make of one call: its offers to workers, its claims, its state.

import type { ClaimRecord } from "./claim-record.js";
import type { ProbeAnswered, Probing, ReleaseReason, ReportDigest, ToolCalled, ToolStarted } from "./events.js";
import { type Call, type CallState, type Run, unknownAttemptOf } from "./run.js";

export function callFrom(fact: ToolCalled, sequence: number, at: number): Call {
  return {
    callId: fact.callId,
    tool: fact.tool,
    queue: fact.queue,
    gate: fact.gate,
    argumentsSequence: sequence,
    digest: fact.digest,
    ...(fact.startTimeoutMs === undefined ? {} : { startTimeoutMs: fact.startTimeoutMs }),
    ...(fact.starts === undefined ? {} : { starts: fact.starts }),
    failures: 0,
    releases: 0,
    incompatible: false,
    claims: [],
    ...begun(fact, 1, at),
  };
}

export function claimFrom({ attempt, nonce, workerId, incarnation }: ToolStarted): ClaimRecord {
  return { attempt, nonce, workerId, incarnation };
}

/** What keeps it from running, where that is a worker's refusal: told until a worker takes it. */
export function refusedFor({ unproven: _, ...call }: Call, reason: ReleaseReason | undefined): Call {
  const incompatible = reason === "INCOMPATIBLE";
  return reason === "NO_PROOF" ? { ...call, incompatible, unproven: true } : { ...call, incompatible };
}

/** May be claimed from now on; the time that it may wait for a worker begins. */
export function offered(
  { startTimeoutMs }: Pick<Call, "startTimeoutMs">,
  attempt: number,
  at: number,
  notBefore: number,
): Pick<Call, "state" | "startBy" | "attempts"> {
  const startBy = startTimeoutMs === undefined ? {} : { startBy: Math.max(at, notBefore) + startTimeoutMs };
  return { ...startBy, attempts: attempt, state: ready(attempt, at, notBefore) };
}

/** May be carried out from now on: by a worker, or by a run that is to be started. */
export function begun(
  call: Pick<Call, "startTimeoutMs" | "starts">,
  attempt: number,
  at: number,
): Pick<Call, "state" | "startBy" | "attempts"> {
  if (call.starts === undefined) return offered(call, attempt, at, at);
  return { attempts: attempt, state: { kind: "starting", since: at } };
}

export function ready(attempt: number, since: number, notBefore: number): CallState {
  return { kind: "ready", attempt, since, notBefore };
}

/** Whether it happened is asked of the probe. */
export function probed(call: Call, { unknown, until }: Probing, at: number): Call {
  const { state } = call;
  const brought = state.kind === "claimed" && state.enforcesKey === true ? ({ enforcesKey: true } as const) : {};
  const grantDead = unknown.cause !== "TIMED_OUT";
  return { ...call, state: { kind: "probing", ...unknown, grantDead, ...brought, since: at, until } };
}

/** On the word of its probe alone a call runs again, once the old grant is dead; who ends it first asks a person. */
export function afterProbeAnswered(call: Call, { verdict, detail, runsAgain }: ProbeAnswered, at: number): Call {
  const { state } = call;
  if (runsAgain !== true || state.kind !== "probing") return call;
  const unsettled = { ...unknownAttemptOf(state), probe: { verdict, detail } };
  const again: Call = { ...call, failures: call.failures + 1, unsettled };
  if (state.grantDead) return { ...again, ...offered(call, call.attempts + 1, at, at) };
  const { attempt, nonce, incarnation } = state;
  return { ...again, state: { kind: "rerun", attempt, nonce, incarnation, since: at } };
}

export function afterGrantEnded(call: Call, at: number): Call {
  const { state } = call;
  if (state.kind === "unknown" || state.kind === "probing") return { ...call, state: { ...state, grantDead: true } };
  return state.kind === "rerun" ? { ...call, ...offered(call, call.attempts + 1, at, at) } : call;
}

export function withCall(run: Run, callId: string, change: (call: Call) => Call): Run {
  const calls = run.turn.calls.map((call) => (call.callId === callId ? change(call) : call));
  return { ...run, turn: { ...run.turn, calls } };
}

type ClaimName = Partial<Pick<ClaimRecord, "attempt" | "nonce">>;

function isOf({ attempt, nonce }: ClaimName): (claim: ClaimRecord) => boolean {
  return (claim) => claim.nonce === nonce && claim.attempt === attempt;
}

export function reported(
  claims: readonly ClaimRecord[],
  key: ClaimName & { readonly report?: ReportDigest },
  as: "ACCEPTED" | "LATE",
): readonly ClaimRecord[] {
  return claims.map((claim) => {
    if (!isOf(key)(claim)) return claim;
    const { report } = key;
    if (report === undefined) return { ...claim, reported: as };
    // The digest is of whoever reported, too: most claims that a run remembers need no more.
    const { workerId: _worker, incarnation: _process, ...bare } = claim;
    return { ...(claim.released === true ? claim : bare), reported: as, outcome: report };
  });
}

/** A task can be given back any number of times: of those without an outcome only the newest is remembered. */
export function released(
  claims: readonly ClaimRecord[],
  { attempt, nonce }: Required<ClaimName>,
): readonly ClaimRecord[] {
  const kept = claims.filter((claim) => {
    const forgotten = claim.released === true && claim.reported === undefined;
    return !forgotten && !isOf({ attempt, nonce })(claim);
  });
  const given = claims.find(isOf({ attempt, nonce })) ?? { attempt, nonce };
  return [...kept, { ...given, released: true }];
}
