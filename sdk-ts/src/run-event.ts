// A run's events as a program reads them: `type` is the contract's name, fields are in camelCase.
import type {
  Approval,
  ApprovalKind,
  Approvers,
  Decision,
  PreviewStatus,
  ProbeVerdict,
  UnknownOutcome,
  Vote,
} from "./approval.js";
import type { JsonObject } from "./json-text.js";
import type { RunError, RunOutput, RunState, Usage } from "./run-status.js";

interface EventBase<T extends string> {
  readonly type: T;
  readonly runId: string;
  /** From 1, without gaps; 0 on a delta, which is not stored. */
  readonly sequence: number;
  readonly at: Date | undefined;
}

export interface RunStartedEvent extends EventBase<"run_started"> {
  readonly agentName: string;
  readonly agentVersion: string;
  readonly input: string;
  readonly startedBy: string;
  readonly onBehalfOf: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface ModelRepliedEvent extends EventBase<"model_replied"> {
  readonly turn: number;
  readonly attempt: number;
  readonly text: string;
  readonly callIds: readonly string[];
  readonly usage: Usage;
  readonly finishReason: string;
}

/** The model asked for a tool; comes before the tool runs. */
export interface ToolCallEvent extends EventBase<"tool_call"> {
  readonly callId: string;
  readonly toolName: string;
  /** A reading of argumentsJson; empty where the call was refused. */
  readonly args: JsonObject;
  /** The exact text; empty where the model's text was refused. */
  readonly argumentsJson: string;
  readonly argumentsDigest: string;
  readonly approvalRequired: boolean;
  /** Why the call was refused; undefined where it was not. */
  readonly refused: string | undefined;
  /** What the model wrote, where it was refused. */
  readonly refusedArguments: string;
}

/** A worker has the call. */
export interface ToolStartedEvent extends EventBase<"tool_started"> {
  readonly callId: string;
  readonly toolName: string;
  readonly attempt: number;
  readonly workerId: string;
  /** The fingerprint of what it would do, compared right before; empty where nothing was compared. */
  readonly checkedPreview: string;
}

/** What became of a call. */
export type CallOutcome =
  | { readonly kind: "result"; readonly value: unknown; readonly json: string }
  | { readonly kind: "error"; readonly message: string }
  | { readonly kind: "rejected"; readonly reason: string }
  | { readonly kind: "responded"; readonly value: unknown; readonly json: string }
  | { readonly kind: "cancelled"; readonly reason: string }
  | { readonly kind: "truncated"; readonly digest: string; readonly sizeBytes: number; readonly head: string }
  | { readonly kind: "unknown" };

export interface ToolResultEvent extends EventBase<"tool_result"> {
  readonly callId: string;
  readonly toolName: string;
  readonly attempt: number;
  readonly outcome: CallOutcome;
  /** The tool's probe found it out: the worker that ran it had been lost. */
  readonly byProbe: boolean;
  /** PREVIEW_UNSTABLE where what it would do changed three times after it was approved; empty otherwise. */
  readonly errorReason: string;
}

/** Nobody knows whether a guarded call took effect: its tool's probe is asked, and after that a person. */
export interface ProbingEvent extends EventBase<"probing"> {
  readonly callId: string;
  readonly toolName: string;
  readonly unknownOutcome: UnknownOutcome | undefined;
  /** When a settlement opens instead. */
  readonly until: Date | undefined;
}

export interface ProbeAnsweredEvent extends EventBase<"probe_answered"> {
  readonly callId: string;
  readonly toolName: string;
  readonly attempt: number;
  readonly verdict: ProbeVerdict;
  /** The probe's own words. */
  readonly detail: string;
  readonly workerId: string;
  /** It did not happen, and the call runs again by itself. */
  readonly runsAgain: boolean;
}

/** SHOWN: for whoever decides. CHECKED: right before the call runs, to be compared with what was shown. */
export type PreviewPurpose = "SHOWN" | "CHECKED" | "UNSPECIFIED";

/** A worker looks at what a call would do. */
export interface PreviewAskedEvent extends EventBase<"preview_asked"> {
  readonly approvalId: string;
  readonly callId: string;
  readonly toolName: string;
  readonly purpose: PreviewPurpose;
  /** Of the call's previews, from 1. */
  readonly number: number;
  readonly workerId: string;
  /** When it counts as failed. */
  readonly until: Date | undefined;
}

export interface PreviewTakenEvent extends EventBase<"preview_taken"> {
  readonly approvalId: string;
  readonly callId: string;
  readonly toolName: string;
  readonly purpose: PreviewPurpose;
  readonly number: number;
  /** Empty where nobody answered in time. */
  readonly workerId: string;
  /** SHOWN, also of a comparison, or FAILED. */
  readonly status: PreviewStatus;
  readonly contentJson: string;
  readonly fingerprint: string;
  readonly detail: string;
  /** Of a comparison: it is not what was approved, and people are asked again. */
  readonly drifted: boolean;
}

/** What a call would do was looked at too long ago to begin on, and is looked at again. */
export interface CheckWantedEvent extends EventBase<"check_wanted"> {
  readonly approvalId: string;
  readonly callId: string;
  readonly toolName: string;
}

/** The run waits for a person. */
export interface WaitingEvent extends EventBase<"waiting"> {
  readonly approvalId: string;
  readonly kind: ApprovalKind;
  readonly callId: string;
  readonly toolName: string;
  readonly args: JsonObject;
  readonly argumentsJson: string;
  readonly argumentsDigest: string;
  readonly approval: Approval;
  /** A run that this one started, where that has it, or has it from one of its own; `approval.runId` says whose it is. */
  readonly childRunId: string;
  /**
   * Aborts when nobody needs to decide any more, because somebody has or the approval was closed; its reason, an
   * AgentspanError, says so. For what asks a person meanwhile. Watching begins when this is first read.
   */
  readonly decided: AbortSignal;
}

export interface VotedEvent extends EventBase<"voted"> {
  readonly approvalId: string;
  readonly callId: string;
  readonly decisionId: string;
  readonly vote: Vote | undefined;
  /** What this vote put in place of the arguments; these run where others agree. Empty where it edited nothing. */
  readonly editedArgumentsJson: string;
}

export interface DecidedEvent extends EventBase<"decided"> {
  readonly callId: string;
  readonly decision: Decision | undefined;
  /** As in WaitingEvent. */
  readonly childRunId: string;
}

export interface CheckpointClosedEvent extends EventBase<"checkpoint_closed"> {
  readonly approvalId: string;
  readonly callId: string;
  /** EXPIRED, CANCELLED or WITHDRAWN. */
  readonly why: string;
  /** As in WaitingEvent. */
  readonly childRunId: string;
}

/** The run that a call asked for has begun. Its events are its own. */
export interface ChildStartedEvent extends EventBase<"child_started"> {
  readonly callId: string;
  readonly childRunId: string;
  readonly agentName: string;
  readonly agentVersion: string;
}

/** A run that this one started waits for people and nothing else from now on, or goes on. */
export interface ChildReportedEvent extends EventBase<"child_reported"> {
  readonly callId: string;
  readonly childRunId: string;
  readonly waiting: boolean;
}

/** Nobody decided in time, and others decide from now on. */
export interface EscalatedEvent extends EventBase<"escalated"> {
  readonly approvalId: string;
  readonly callId: string;
  readonly approvers: Approvers | undefined;
  readonly expiresAt: Date | undefined;
}

/** An approval or a settlement still waits; nothing of it has changed. */
export interface RemindedEvent extends EventBase<"reminded"> {
  readonly approvalId: string;
  readonly callId: string;
  /** From 1. */
  readonly number: number;
}

export interface PausedEvent extends EventBase<"paused"> {
  readonly by: string;
  readonly reason: string;
}

export interface ResumedEvent extends EventBase<"resumed"> {
  readonly by: string;
}

export interface WarningEvent extends EventBase<"warning"> {
  readonly reason: string;
  readonly message: string;
}

/** A worker's true outcome that came after the call had been settled otherwise. */
export interface LateOutcomeEvent extends EventBase<"late_outcome"> {
  readonly callId: string;
  readonly toolName: string;
  readonly attempt: number;
  readonly outcome: CallOutcome;
  readonly settlesApprovalId: string;
}

/** A failed attempt of a model call or a tool, or a task handed back; the run goes on. */
export interface ErrorEvent extends EventBase<"error"> {
  readonly reason: string;
  readonly message: string;
  /** Empty where the model failed. */
  readonly callId: string;
  readonly attempt: number;
  readonly retryAt: Date | undefined;
}

/** The run is coming to its end and starts nothing new. */
export interface EndingEvent extends EventBase<"ending"> {
  readonly state: RunState;
  readonly reason: string;
}

export interface DoneEvent extends EventBase<"done"> {
  readonly output: RunOutput;
  readonly outputJson: string;
}

export interface FailedEvent extends EventBase<"failed"> {
  readonly error: RunError | undefined;
}

export interface CancelledEvent extends EventBase<"cancelled"> {
  readonly reason: string;
  readonly by: string;
}

export interface TimedOutEvent extends EventBase<"timed_out"> {
  readonly error: RunError | undefined;
}

/** A piece of the model's text as it comes, of one attempt; sent only where asked for. */
export interface DeltaEvent extends EventBase<"delta"> {
  readonly turn: number;
  readonly attempt: number;
  readonly text: string;
}

/** A kind of event that this version of the SDK has no name for. */
export type UnknownEvent = EventBase<"unknown">;

export type RunEvent =
  | RunStartedEvent
  | ModelRepliedEvent
  | ToolCallEvent
  | ToolStartedEvent
  | ToolResultEvent
  | ProbingEvent
  | ProbeAnsweredEvent
  | PreviewAskedEvent
  | PreviewTakenEvent
  | CheckWantedEvent
  | WaitingEvent
  | VotedEvent
  | DecidedEvent
  | CheckpointClosedEvent
  | EscalatedEvent
  | RemindedEvent
  | ChildStartedEvent
  | ChildReportedEvent
  | PausedEvent
  | ResumedEvent
  | WarningEvent
  | LateOutcomeEvent
  | ErrorEvent
  | EndingEvent
  | DoneEvent
  | FailedEvent
  | CancelledEvent
  | TimedOutEvent
  | DeltaEvent
  | UnknownEvent;

/** Whether an event ends its run. */
export function isTerminal(event: {
  readonly type: string;
}): event is DoneEvent | FailedEvent | CancelledEvent | TimedOutEvent {
  return ["done", "failed", "cancelled", "timed_out"].includes(event.type);
}
