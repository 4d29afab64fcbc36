// Facts that happened to a run, in the past tense. They are stored for ever: fields may be added, a meaning never
// changes. The sequence of a run's events is the record; everything in Run is folded from it.
import type {
  AttemptFailed,
  CheckWanted,
  GrantEnded,
  LateOutcome,
  PreviewAsked,
  PreviewTaken,
  ProbeAnswered,
  Probing,
  TaskReleased,
  ToolCalled,
  ToolFinished,
  ToolStarted,
} from "./call-facts.js";
import type { CheckpointClosed, Decided, Escalated, Reminded, Voted, Waiting } from "./checkpoint-facts.js";
import type { ChildClosed, ChildReported, ChildStarted, ChildWaiting } from "./child-facts.js";
import type { FinishReason, Usage } from "./model.js";
import type { Signed } from "./signed.js";

export type * from "./call-facts.js";
export type * from "./checkpoint-facts.js";
export type * from "./child-facts.js";
export type * from "./signed.js";

/** What an event is worth on disk and in order. */
export interface RunEvent {
  /** From 1, without gaps. */
  readonly sequence: number;
  /** Milliseconds since the epoch, by the corrected clock of whoever committed it. */
  readonly at: number;
  /** The orchestrator that committed it, which holds the effects that follow. */
  readonly by: string;
  /** The W3C traceparent of the span that it was committed in, where there was one. Nothing is folded from it. */
  readonly trace?: string;
  readonly fact: Fact;
}

export type Fact =
  | RunStarted
  | ModelReplied
  | ModelFailed
  | ToolCalled
  | ToolStarted
  | AttemptFailed
  | TaskReleased
  | GrantEnded
  | Probing
  | ProbeAnswered
  | PreviewAsked
  | PreviewTaken
  | CheckWanted
  | ToolFinished
  | Waiting
  | Voted
  | Decided
  | CheckpointClosed
  | Escalated
  | Reminded
  | Paused
  | Resumed
  | Warned
  | LateOutcome
  | ChildStarted
  | ChildWaiting
  | ChildClosed
  | ChildReported
  | Ending
  | Ended;

export type FactType = Fact["type"];

export interface RunStarted {
  readonly type: "run_started";
  readonly runId: string;
  readonly namespace: string;
  readonly agentName: string;
  readonly agentVersion: string;
  readonly maxTurns: number;
  readonly input: string;
  readonly startedBy: string;
  readonly onBehalfOf?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly deadlineMs?: number;
  readonly requestHash: string;
  readonly parentRunId?: string;
  /** The call of the parent that started it. With these three it tells its parent what becomes of it. */
  readonly parentCallId?: string;
  /** The first of them all. */
  readonly rootRunId?: string;
  /** How deep it lies; 0 where absent. */
  readonly depth?: number;
  readonly signed?: Signed;
}

export interface ModelReplied {
  readonly type: "model_replied";
  readonly turn: number;
  readonly attempt: number;
  readonly text: string;
  readonly callIds: readonly string[];
  readonly usage: Usage;
  readonly finishReason: FinishReason;
}

/** An attempt at a model call failed or its orchestrator was lost, and another follows. */
export interface ModelFailed {
  readonly type: "model_failed";
  readonly turn: number;
  readonly attempt: number;
  readonly reason: "MODEL_FAILED" | "MODEL_LOST";
  readonly message: string;
  readonly retryAt: number;
}

export interface Paused {
  readonly type: "paused";
  readonly who: string;
  readonly reason: string;
  /** Absent in events of earlier versions. */
  readonly requestId?: string;
}

export interface Resumed {
  readonly type: "resumed";
  readonly who: string;
  readonly requestId?: string;
}

/** Told once each in a run's life. */
export type SizeWarning = "DOCUMENT_SIZE" | "RUN_SIZE";

export interface Warned {
  readonly type: "warning";
  readonly reason: SizeWarning | "OUTPUT_INVALID";
  readonly message: string;
}

export type ErrorReason =
  | "MAX_TURNS"
  | "MODEL_FAILED"
  | "TOKEN_BUDGET"
  | "SIZE_LIMIT"
  | "DEADLINE"
  | "APPROVAL_EXPIRED"
  | "TOOL_FAILED"
  | "CANCELLED";

/** How a run ends, or is about to. */
export type End =
  | { readonly state: "COMPLETED"; readonly output: string }
  | { readonly state: "FAILED"; readonly reason: ErrorReason; readonly message: string }
  | { readonly state: "CANCELLED"; readonly reason: string; readonly who: string }
  | { readonly state: "TIMED_OUT"; readonly reason: ErrorReason; readonly message: string };

/** Nothing new starts; the end waits for guarded calls in progress. */
export interface Ending {
  readonly type: "ending";
  readonly end: End;
}

/** The terminal event. */
export interface Ended {
  readonly type: "ended";
  readonly end: End;
}
