// A run's state, folded from its events and nothing else. Payloads stand in the events; here are sequences.
import type { AgentRef } from "./agent.js";
import type { Checkpoint, RecordedAct } from "./checkpoint.js";
import type { ClaimRecord } from "./claim-record.js";
import type { CheckpointKind, End, Gate, SizeWarning, UnknownAttempt } from "./events.js";
import type { Usage } from "./model.js";

/** The schema this code writes. A document with a newer one is left alone. */
export const SCHEMA = 1;

export interface Run {
  readonly schema: number;
  readonly runId: string;
  readonly namespace: string;
  readonly lastSequence: number;
  readonly startedAt: number;
  readonly updatedAt: number;
  readonly startedBy: string;
  readonly onBehalfOf?: string;
  readonly parentRunId?: string;
  /** Where a call of its parent started it. */
  readonly parentCallId?: string;
  readonly rootRunId?: string;
  readonly depth?: number;
  /** The event since which its parent has to be told of what is there; absent where there was nothing yet. */
  readonly reportable?: { readonly sequence: number; readonly at: number };
  /** The runs that it started, by call, for its life; absent where none. */
  readonly children?: Readonly<Record<string, Child>>;
  /** Checkpoints of those runs, and of theirs, by approval id, for its life. They are decided where they are. */
  readonly mirrors?: Readonly<Record<string, Mirror>>;
  readonly requestHash: string;
  readonly agentName: string;
  readonly agentVersion: string;
  readonly maxTurns: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly paused: boolean;
  /** Every pause and resume by its request id, for the run's life; absent where there was none. */
  readonly controls?: Readonly<Record<string, "paused" | "resumed">>;
  /** The newest pause or resume, which the runs that it started are told of; absent where there was none. */
  readonly control?: { readonly sequence: number; readonly at: number };
  readonly phase: Phase;
  readonly turn: Turn;
  /** Open ones, and closed ones for the run's life. */
  readonly checkpoints: Readonly<Record<string, Checkpoint>>;
  /** Every human act by its decision id, for the run's life. */
  readonly acts: Readonly<Record<string, RecordedAct>>;
  /** Calls of closed turns that workers had claimed: what is needed to answer them again, as past-calls.ts tells. */
  readonly pastCalls: Readonly<Record<string, PastCall>>;
  readonly usage: Usage;
  /** Absent where no deadline is set. */
  readonly deadline?: Deadline;
  readonly warnedOf: readonly SizeWarning[];
}

export type Phase =
  | { readonly kind: "active" }
  /** Nothing new starts; the end waits for guarded calls in progress. */
  | { readonly kind: "ending"; readonly end: End }
  /** The output stands in the terminal event. */
  | { readonly kind: "ended"; readonly end: EndWithoutOutput; readonly at: number; readonly sequence: number };

export type EndWithoutOutput = Exclude<End, { readonly state: "COMPLETED" }> | { readonly state: "COMPLETED" };

/** One model reply and the calls in it. */
export interface Turn {
  readonly number: number;
  readonly model: ModelStep;
  readonly calls: readonly Call[];
}

export type ModelStep =
  /** Not begun, since the run is paused. */
  | { readonly kind: "held"; readonly attempt: number }
  | {
      readonly kind: "calling";
      readonly attempt: number;
      /** The orchestrator that makes the call. */
      readonly holder: string;
      readonly since: number;
      readonly notBefore: number;
    }
  | { readonly kind: "replied"; readonly sequence: number }
  /** The turns are used up. */
  | { readonly kind: "exhausted" };

export interface Child {
  readonly runId: string;
  /** The event of its own that it told of last. */
  readonly seen: number;
  /** It waits for people and nothing else. */
  readonly waits: boolean;
}

export interface Mirror {
  /** The call whose child has it, or has it from its own child. */
  readonly callId: string;
  /** Whose checkpoint it is. */
  readonly runId: string;
  readonly kind: CheckpointKind;
  readonly closed?: true;
}

export interface Call {
  readonly callId: string;
  readonly tool: string;
  readonly queue: string;
  readonly gate: Gate;
  /** The event whose arguments run: tool_call, or decided where a person edited them. */
  readonly argumentsSequence: number;
  readonly digest: string;
  /** The decision that lets it run. */
  readonly approval?: { readonly approvalId: string; readonly decisionId: string };
  /** One person's edit was enough, since the rule does not ask: not where the tool's owner asks for people later. */
  readonly spared?: true;
  /** How often what it would do was asked; absent where never. */
  readonly previews?: number;
  /** How often it would have done something else than what was approved; absent where never. */
  readonly drifts?: number;
  /** It was found to do what was approved, and may begin until then. */
  readonly check?: { readonly sequence: number; readonly fingerprint: string; readonly until: number };
  readonly startTimeoutMs?: number;
  /** It starts a run, and no worker hears of it. */
  readonly starts?: AgentRef;
  /** While it is ready, or waits for its check: when no worker may begin it any more. A release does not give it more time. */
  readonly startBy?: number;
  /** The number of the attempt that was offered last; none is used twice. */
  readonly attempts: number;
  /** Attempts that failed, were lost or timed out, and were followed by another without a person. */
  readonly failures: number;
  readonly releases: number;
  /** A worker's schema refused its arguments last. */
  readonly incompatible: boolean;
  /** A worker refused it last for want of a proof that it believes. */
  readonly unproven?: true;
  readonly claims: readonly ClaimRecord[];
  /** The attempt that the call runs again after, on the word of its probe alone. */
  readonly unsettled?: UnknownAttempt;
  readonly state: CallState;
}

export interface PastCall {
  readonly tool: string;
  readonly gate: Gate;
  readonly digest: string;
  readonly claims: readonly ClaimRecord[];
}

export type CallState =
  /** A person must approve first. */
  | { readonly kind: "gated"; readonly approvalId: string }
  | CheckingState
  /** May be claimed. */
  | { readonly kind: "ready"; readonly attempt: number; readonly since: number; readonly notBefore: number }
  | {
      readonly kind: "claimed";
      readonly attempt: number;
      readonly nonce: string;
      readonly workerId: string;
      readonly incarnation: string;
      readonly since: number;
      readonly deadline?: number;
      /** As its worker's tool had them when it was claimed. */
      readonly probe?: true;
      readonly enforcesKey?: true;
    }
  | ProbingState
  /** Guarded, and nobody knows whether it happened: a settlement is open. */
  | {
      readonly kind: "unknown";
      readonly approvalId: string;
      readonly attempt: number;
      readonly nonce: string;
      readonly incarnation: string;
      readonly grantDead: boolean;
    }
  /** To be run again once the old grant is dead. */
  | {
      readonly kind: "rerun";
      readonly attempt: number;
      readonly nonce: string;
      readonly incarnation: string;
      readonly since: number;
    }
  /** A run is to be started for it; perhaps it is there already. */
  | { readonly kind: "starting"; readonly since: number }
  /** What it started is at work. */
  | { readonly kind: "child"; readonly childRunId: string; readonly since: number }
  | { readonly kind: "finished"; readonly sequence: number };

/** Guarded, and nobody knows whether it happened: its probe is asked, and after that a person. */
export interface ProbingState extends UnknownAttempt {
  readonly kind: "probing";
  readonly grantDead: boolean;
  readonly enforcesKey?: true;
  readonly since: number;
  readonly until: number;
}

/** Approved, and looked at again before it may be claimed. */
export interface CheckingState {
  readonly kind: "checking";
  readonly attempt: number;
  /** Of the preview. */
  readonly number: number;
  readonly since: number;
  /** When the check has failed, once a worker has taken it. */
  readonly until?: number;
}

/** A deadline counts the time in which the run itself is at work, not the time it waits for people. */
export interface Deadline {
  readonly limitMs: number;
  readonly spentMs: number;
  /** Absent while the clock stands still. */
  readonly runningSince?: number;
}

export type RunState = "RUNNING" | "WAITING" | "PAUSED" | End["state"];

const NOT_ENDED: readonly string[] = ["RUNNING", "WAITING", "PAUSED"] satisfies readonly RunState[];

export function isEndState(state: string): state is End["state"] {
  return !NOT_ENDED.includes(state);
}

export function stateOf(run: Run): RunState {
  if (run.phase.kind === "ended") return run.phase.end.state;
  // A run that is ending goes on to its end, and Resume would be refused.
  if (run.paused && run.phase.kind === "active") return "PAUSED";
  return waitsForPeopleOnly(run) ? "WAITING" : "RUNNING";
}

/** A checkpoint is open and nothing else is in progress. */
export function waitsForPeopleOnly(run: Run): boolean {
  if (run.phase.kind !== "active" || run.turn.model.kind !== "replied") return false;
  const open = run.turn.calls.filter((call) => call.state.kind !== "finished");
  return open.length > 0 && open.every((call) => waitsForPeople(run, call));
}

function waitsForPeople(run: Run, { callId, state }: Call): boolean {
  return (
    state.kind === "gated" ||
    state.kind === "unknown" ||
    (state.kind === "child" && childOf(run, callId)?.waits === true)
  );
}

/** Whether a call has a child, or may have one, that has not ended as far as is known. */
export function hasChild({ state }: Call): boolean {
  return state.kind === "starting" || state.kind === "child";
}

/** The run that a call started, as far as it is known here. */
export function childOf({ children = {} }: Run, callId: string): Child | undefined {
  return Object.hasOwn(children, callId) ? children[callId] : undefined;
}

export function mirrorOf({ mirrors = {} }: Run, approvalId: string): Mirror | undefined {
  return Object.hasOwn(mirrors, approvalId) ? mirrors[approvalId] : undefined;
}

/** Checkpoints of runs that this one started, with their ids, as far as they have told. */
export function openMirrors({ mirrors = {} }: Run): readonly (Mirror & { readonly approvalId: string })[] {
  return Object.entries(mirrors).flatMap(([approvalId, mirror]) =>
    mirror.closed === undefined ? [{ approvalId, ...mirror }] : [],
  );
}

export function openCheckpoints(run: Run): readonly Checkpoint[] {
  return Object.values(run.checkpoints).filter((checkpoint) => checkpoint.closed === undefined);
}

export function callOf(run: Run, callId: string): Call | undefined {
  return run.turn.calls.find((call) => call.callId === callId);
}

/** A call of this turn or, where workers had claimed it, of an earlier one. */
export function claimedCallOf(run: Run, callId: string): Call | PastCall | undefined {
  return callOf(run, callId) ?? (Object.hasOwn(run.pastCalls, callId) ? run.pastCalls[callId] : undefined);
}

/**
 * The attempt that may have taken effect without anybody having said what became of it: its probe is asked, or let the
 * call run again, or a person did, although nobody knows.
 */
export function unsettledOf(run: Run, { approval, state, unsettled }: Call): UnknownAttempt | undefined {
  if (state.kind === "probing") return { ...unknownAttemptOf(state), probe: { verdict: "NO_ANSWER", detail: "" } };
  if (unsettled !== undefined) return unsettled;
  const checkpoint = approval === undefined ? undefined : run.checkpoints[approval.approvalId];
  return checkpoint?.kind === "SETTLEMENT" ? checkpoint.unknown : undefined;
}

export function unknownAttemptOf(state: ProbingState): UnknownAttempt {
  const { kind: _, grantDead: _dead, enforcesKey: _key, since: _since, until: _until, ...unknown } = state;
  return unknown;
}

/** Guarded calls start at most once for each approval, and their error is final. */
export function isGuarded(gate: Gate): boolean {
  return gate !== "plain";
}

/** The same for every attempt of a call, a rerun after a settlement included. */
export function idempotencyKeyOf(runId: string, callId: string): string {
  return `${runId}-${callId}`;
}
