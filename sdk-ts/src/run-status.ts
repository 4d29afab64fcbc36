import {
  BlockedReason as BlockedReasonEnum,
  RunState as RunStateEnum,
  type RunStatus as RunStatusMessage,
} from "@agentspan/proto";
import { type Approval, approvalOf, dateOf } from "./approval.js";
import { readJsonObject } from "./json-text.js";

/** WAITING: a checkpoint is open and nothing else is in progress. The last four are ends. */
export type RunState =
  | "RUNNING"
  | "WAITING"
  | "PAUSED"
  | "COMPLETED"
  | "FAILED"
  | "CANCELLED"
  | "TIMED_OUT"
  | "UNSPECIFIED";

/** What a run gives; empty until it is done. */
export interface RunOutput {
  /** The final answer: text, or what the output schema says. */
  readonly result?: unknown;
  /** "STOP" and so on. */
  readonly finishReason?: string;
  readonly [key: string]: unknown;
}

/** Why a run did not complete. */
export interface RunError {
  /** MAX_TURNS, MODEL_FAILED, TOKEN_BUDGET, SIZE_LIMIT, DEADLINE, APPROVAL_EXPIRED, TOOL_FAILED or CANCELLED. */
  readonly reason: string;
  readonly message: string;
}

/** Tokens. */
export interface Usage {
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** Where a run stands. */
export interface RunStatus {
  readonly runId: string;
  readonly executionId: string;
  readonly state: RunState;
  readonly isRunning: boolean;
  /** At least one checkpoint is open, in the run or in one that it started. */
  readonly isWaiting: boolean;
  /** The run has ended, in any way. */
  readonly isComplete: boolean;
  readonly output: RunOutput;
  /** It is coming to its end and waits for guarded calls in progress. */
  readonly ending: boolean;
  readonly paused: boolean;
  readonly error: RunError | undefined;
  readonly pendingApprovals: readonly Approval[];
  readonly usage: Usage;
  readonly lastSequence: number;
  readonly agentName: string;
  readonly agentVersion: string;
  /** Tools with a call that no connected worker serves, or that workers hand back. */
  readonly blockedOn: readonly string[];
  /** The same tools, each with why. */
  readonly blocked: readonly BlockedTool[];
  readonly labels: Readonly<Record<string, string>>;
  readonly startedBy: string;
  /** Empty unless another run started it: that one, the call of it, and the first of them all. */
  readonly parentRunId: string;
  readonly parentCallId: string;
  readonly rootRunId: string;
  readonly createdAt: Date | undefined;
  readonly updatedAt: Date | undefined;
  readonly endedAt: Date | undefined;
}

/**
 * NO_WORKER: no connected worker serves it. INCOMPATIBLE: a worker's schema refuses the arguments. NO_PROOF: a worker has
 * no proof that it believes, for want of the orchestrator's key or for its clock.
 */
export type BlockedReason = "NO_WORKER" | "INCOMPATIBLE" | "NO_PROOF" | "UNSPECIFIED";

export interface BlockedTool {
  readonly toolName: string;
  readonly why: BlockedReason;
}

export function runStatusOf(message: RunStatusMessage): RunStatus {
  return {
    runId: message.runId,
    executionId: message.runId,
    state: runStateOf(message.state),
    isRunning: message.isRunning,
    isWaiting: message.isWaiting,
    isComplete: message.isComplete,
    output: readJsonObject(message.outputJson),
    ending: message.ending,
    paused: message.paused,
    error: message.error && { reason: message.error.reason, message: message.error.message },
    pendingApprovals: message.pendingApprovals.map(approvalOf),
    usage: usageOf(message.usage),
    lastSequence: Number(message.lastSequence),
    agentName: message.agentName,
    agentVersion: message.agentVersion,
    blockedOn: message.blockedOn,
    blocked: message.blocked.map(({ toolName, why }) => ({ toolName, why: blockedReasonOf(why) })),
    labels: message.labels,
    startedBy: message.startedBy,
    parentRunId: message.parentRunId,
    parentCallId: message.parentCallId,
    rootRunId: message.rootRunId,
    createdAt: dateOf(message.createdAt),
    updatedAt: dateOf(message.updatedAt),
    endedAt: dateOf(message.endedAt),
  };
}

function blockedReasonOf(why: BlockedReasonEnum): BlockedReason {
  return (BlockedReasonEnum[why] as BlockedReason | undefined) ?? "UNSPECIFIED";
}

export function runStateOf(state: RunStateEnum): RunState {
  // A newer server may send a number that this version has no name for.
  return (RunStateEnum[state] as RunState | undefined) ?? "UNSPECIFIED";
}

export function usageOf(usage: { readonly inputTokens: bigint; readonly outputTokens: bigint } | undefined): Usage {
  return { inputTokens: Number(usage?.inputTokens ?? 0), outputTokens: Number(usage?.outputTokens ?? 0) };
}
