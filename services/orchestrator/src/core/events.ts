// Facts that happened to a run, in the past tense. They are stored for ever: fields may be added, a meaning never
// changes. The sequence of a run's events is the record; everything in Run is folded from it.
import type { AgentRef, Approvers, PreviewTerms } from "./agent.js";
import type { FinishReason, Usage } from "./model.js";

/** What an event is worth on disk and in order. */
export interface RunEvent {
  /** From 1, without gaps. */
  readonly sequence: number;
  /** Milliseconds since the epoch, by the corrected clock of whoever committed it. */
  readonly at: number;
  /** The orchestrator that committed it, which holds the effects that follow. */
  readonly by: string;
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

/**
 * An orchestrator's signature over what a fact says, put to it before it is stored where there is a key. The core makes
 * nothing of it; signed-facts.ts says what is signed.
 */
export interface Signed {
  readonly keyId: string;
  /** In base64url. */
  readonly signature: string;
}

/** What of an act is signed beside what it says. */
export interface SignedAct extends Signed {
  /** Of the arguments that were shown. */
  readonly digest: string;
}

/** What of a grant is signed beside what its start says. */
export interface SignedGrant extends Signed {
  readonly digest: string;
  /** Empty where no person had to decide. */
  readonly approvalId: string;
  readonly decisionId: string;
  readonly expiresAt: number;
}

/** How guarded a call is. Approval and once start at most once and their error is final. */
export type Gate = "plain" | "once" | "approval";

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

/** The model asked for a tool. */
export interface ToolCalled {
  readonly type: "tool_call";
  readonly callId: string;
  /** The id the model gave the call. */
  readonly modelCallId: string;
  readonly turn: number;
  readonly tool: string;
  readonly queue: string;
  readonly gate: Gate;
  /** RFC 8785 text; empty where the call was refused. */
  readonly arguments: string;
  readonly digest: string;
  /** How long it may wait for a worker, each time that it is offered. */
  readonly startTimeoutMs?: number;
  /** It starts a run of this agent; no worker hears of it. */
  readonly starts?: AgentRef;
  /** Why the call was refused before any gate, and what the model wrote. */
  readonly refused?: { readonly problem: string; readonly wrote: string };
}

/** A worker's claim was stored; the attempt may have begun. */
export interface ToolStarted {
  readonly type: "tool_started";
  readonly callId: string;
  readonly tool: string;
  readonly attempt: number;
  readonly nonce: string;
  readonly workerId: string;
  readonly incarnation: string;
  /** As the owner's demand left it. */
  readonly gate: Gate;
  readonly deadline?: number;
  /** What this worker's tool brings, where the call is guarded. A later registration changes nothing of it. */
  readonly probe?: true;
  readonly enforcesKey?: true;
  /** The fingerprint of what it would do, as it was looked at right before; absent where nobody had to look. */
  readonly checked?: string;
  /** Of the grant, where the call is guarded. */
  readonly signed?: SignedGrant;
}

/** A plain attempt failed, was lost or timed out, and another follows. */
export interface AttemptFailed {
  readonly type: "attempt_failed";
  readonly callId: string;
  readonly attempt: number;
  readonly nonce: string;
  readonly reason: "TOOL_FAILED" | "TOOL_LOST" | "TOOL_DISOWNED" | "TOOL_TIMED_OUT";
  readonly message: string;
  readonly retryAt: number;
  /** Where its worker reported it. */
  readonly report?: ReportDigest;
}

/** A granted task came back not begun. */
export interface TaskReleased {
  readonly type: "task_released";
  readonly callId: string;
  readonly attempt: number;
  readonly nonce: string;
  readonly reason: ReleaseReason;
  readonly detail: string;
  readonly retryAt: number;
}

export type ReleaseReason = "SHUTTING_DOWN" | "INCOMPATIBLE" | "TOO_LATE" | "NO_PROOF";

/** The grant of an attempt whose outcome is unknown is dead: its lease ended, or its worker disowned it. */
export interface GrantEnded {
  readonly type: "grant_ended";
  readonly callId: string;
  readonly attempt: number;
  readonly how: LostHow;
}

export type LostHow = "LEASE_ENDED" | "DISOWNED";

/** Nobody knows whether a guarded attempt took effect, and its tool's probe is asked before a person is. */
export interface Probing {
  readonly type: "probing";
  readonly callId: string;
  readonly tool: string;
  readonly unknown: UnknownAttempt;
  /** When a person is asked instead. */
  readonly until: number;
}

/** What a probe found out about an attempt whose outcome was unknown. */
export interface ProbeAnswered {
  readonly type: "probe_answered";
  readonly callId: string;
  readonly tool: string;
  readonly attempt: number;
  /** The worker that asked it. */
  readonly workerId: string;
  readonly verdict: ProbeVerdict;
  readonly detail: string;
  /** The call runs again by itself, under the approval it has, once the old grant is dead. */
  readonly runsAgain?: true;
}

export type ProbeVerdict = "HAPPENED" | "DID_NOT_HAPPEN" | "UNKNOWN";

/** A preview is what people are shown before they decide, or the check of it right before the call runs. */
export type PreviewPurpose = "shown" | "checked";

/** A worker looks at what a call would do. Others may do so too; the first answer counts. */
export interface PreviewAsked {
  readonly type: "preview_asked";
  readonly approvalId: string;
  readonly callId: string;
  readonly tool: string;
  readonly purpose: PreviewPurpose;
  /** Of the call's previews, from 1. */
  readonly number: number;
  readonly workerId: string;
  /** When it counts as failed. */
  readonly until: number;
}

/** What a call would do, or why nobody can tell. */
export interface PreviewTaken {
  readonly type: "preview_taken";
  readonly approvalId: string;
  readonly callId: string;
  readonly tool: string;
  readonly purpose: PreviewPurpose;
  readonly number: number;
  /** Absent where time ended it. */
  readonly workerId?: string;
  readonly finding: PreviewFinding;
  /** Of a check: that it is what was shown, or something else; absent where it failed. */
  readonly verdict?: "same" | "drifted";
}

export type PreviewFinding =
  /** RFC 8785 text, and the digest of the fields that count. */
  | { readonly kind: "found"; readonly text: string; readonly fingerprint: string }
  | { readonly kind: "failed"; readonly detail: string };

/** The last check of a call is too long ago to begin on. */
export interface CheckWanted {
  readonly type: "check_wanted";
  readonly approvalId: string;
  readonly callId: string;
  readonly tool: string;
}

/** The one outcome of a call. */
export interface ToolFinished {
  readonly type: "tool_result";
  readonly callId: string;
  readonly tool: string;
  readonly attempt: number;
  /** The claim that brought it; absent where no worker did. */
  readonly nonce?: string;
  /** The tool's probe found it out: its worker had been lost. */
  readonly by?: "probe";
  readonly outcome: CallOutcome;
  /** Where a worker brought it. */
  readonly report?: ReportDigest;
  /** Where the call is guarded. */
  readonly signed?: Signed;
}

/** A short digest of who reported an outcome and of what was said, before any of it was cut. */
export type ReportDigest = string;

export type CallOutcome =
  | ReportedOutcome
  /** A person said no. */
  | { readonly kind: "rejected"; readonly reason: string }
  /** A person answered in place of the tool. */
  | { readonly kind: "responded"; readonly text: string }
  /** The run ended first. */
  | { readonly kind: "cancelled"; readonly reason: string };

/** What a worker (or a settling person) reports. */
export type ReportedOutcome =
  | { readonly kind: "result"; readonly text: string }
  | { readonly kind: "truncated"; readonly digest: string; readonly bytes: number; readonly head: string }
  | { readonly kind: "error"; readonly message: string; readonly reason?: CallErrorReason };

/** Why a call ended that no worker ran, where programs may want to know. No worker reports one. */
export type CallErrorReason = "PREVIEW_UNSTABLE";

export type CheckpointKind = "APPROVAL" | "QUESTION" | "SETTLEMENT";

export interface Waiting {
  readonly type: "waiting";
  readonly approvalId: string;
  readonly kind: CheckpointKind;
  readonly callId: string;
  readonly tool: string;
  readonly digest: string;
  readonly votesRequired: number;
  /** A decision must name the approval and its digest. */
  readonly explicit: boolean;
  /** Who may decide, where not everybody; told here, asked of the definition. */
  readonly approvers?: Approvers;
  /** Why it is gated, in words. */
  readonly reason: string;
  /** Nothing but the definition's rule asks for people. */
  readonly byRule?: true;
  readonly expiresAt?: number;
  /** When people are reminded first. */
  readonly remindAt?: number;
  /** On a settlement: what is known of the attempt. */
  readonly unknown?: UnknownAttempt;
  /** What the call would do is shown, and looked at again before it runs. */
  readonly previews?: PreviewTerms;
  /** Where it was approved before, and what it would do is not, or not for certain, what was shown then. */
  readonly drift?: Drift;
}

/** Sequences of the events that have them. */
export interface Drift {
  /** What was shown when it was approved. */
  readonly approved: number;
  /** What was found right before it would have run: it is what people are shown now. */
  readonly checked: number;
  /** Of what was found; absent where the check failed. */
  readonly fingerprint?: string;
}

export interface UnknownAttempt {
  readonly attempt: number;
  readonly nonce: string;
  readonly workerId: string;
  readonly incarnation: string;
  readonly grantedAt: number;
  readonly cause: LostHow | "TIMED_OUT";
  /** When that worker's process last showed life, by the store's clock; absent where nobody knows. */
  readonly lastHeartbeatAt?: number;
  /** What the tool's probe said; absent where it was not asked. */
  readonly probe?: ProbeFinding;
}

export interface ProbeFinding {
  readonly verdict: ProbeVerdict | "NO_ANSWER";
  readonly detail: string;
}

export type Outcome = "approved" | "rejected" | "responded" | "happened" | "run_again" | "given_up";

/** How it is known who asks. */
export interface Via {
  /** none, api_key or jwt. */
  readonly method: string;
  /** Of the key or the token; empty with none. */
  readonly credentialId: string;
  /** The IP address that the request came from. */
  readonly address: string;
}

/** What a person said, and how the request is recognised when it is repeated. */
export interface Act {
  readonly approvalId: string;
  readonly callId: string;
  readonly decisionId: string;
  readonly requestHash: string;
  readonly who: string;
  readonly onBehalfOf?: string;
  readonly outcome: Outcome;
  readonly comment: string;
  /** How it was known who it is; absent in events of earlier versions. */
  readonly via?: Via;
  /** The group by which they are one of those who may decide; absent where it takes none. */
  readonly group?: string;
  /** RFC 8785 text and digest of what runs instead. */
  readonly edited?: Edited;
  /** The fingerprint of the preview that was shown, of the arguments before an edit; absent where none was. */
  readonly preview?: string;
  readonly signed?: SignedAct;
}

export interface Edited {
  readonly arguments: string;
  readonly digest: string;
  /** Why these ask for people, where that is not what the checkpoint says. */
  readonly reason?: string;
}

/** A vote that did not decide; the one that does stands in `decided`. */
export interface Voted extends Act {
  readonly type: "voted";
}

export interface Decided extends Act {
  readonly type: "decided";
  /** The standing grant that decided, in its maker's name, before anybody was asked: no waiting event opened it. */
  readonly ground?: Ground;
  /** The rule that alone asked for people does not ask for them with the edited arguments: one vote is enough. */
  readonly spared?: true;
  /** A settled result, where the run has ended and no tool_result follows. */
  readonly content?: string;
}

/** Which use of which standing grant let a call run. */
export interface Ground {
  readonly grantId: string;
  /** Of its terms. */
  readonly version: string;
  /** From 1. */
  readonly use: number;
}

export interface CheckpointClosed {
  readonly type: "checkpoint_closed";
  readonly approvalId: string;
  readonly callId: string;
  readonly why: "EXPIRED" | "CANCELLED" | "WITHDRAWN";
}

/** Nobody decided in time, and others decide from now on. The votes that were given stay. */
export interface Escalated {
  readonly type: "escalated";
  readonly approvalId: string;
  readonly callId: string;
  readonly approvers: Approvers;
  readonly expiresAt: number;
}

/** A checkpoint still waits. Nothing of it changes by that. */
export interface Reminded {
  readonly type: "reminded";
  readonly approvalId: string;
  readonly callId: string;
  /** From 1. */
  readonly number: number;
  /** When they are reminded again; absent on the last one. */
  readonly remindAt?: number;
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

/** A true claimant's outcome that came when the call had another already, or after the run had ended. */
export interface LateOutcome {
  readonly type: "late_outcome";
  readonly callId: string;
  readonly tool: string;
  readonly attempt: number;
  readonly nonce: string;
  readonly outcome: ReportedOutcome;
  readonly report?: ReportDigest;
  /** The open settlement it answers. */
  readonly settles?: string;
}

/** The run that a call asked for is there. */
export interface ChildStarted {
  readonly type: "child_started";
  readonly callId: string;
  readonly childRunId: string;
  readonly agentName: string;
  readonly agentVersion: string;
}

/** What is told of a child is told in the order of the child's own sequence; what comes late is dropped. */
interface OfChild {
  /** The call that started the child. */
  readonly callId: string;
  readonly childRunId: string;
  /** The child's event since which it is so. */
  readonly childSequence: number;
}

/** A checkpoint opened in a run that this one started, or in one that that one started. It is decided there. */
export interface ChildWaiting extends OfChild {
  readonly type: "child_waiting";
  readonly checkpoint: MirroredCheckpoint;
}

/** What is mirrored of it; its arguments stand in its own run. */
export interface MirroredCheckpoint {
  /** The run whose checkpoint it is. */
  readonly runId: string;
  readonly agentName: string;
  readonly approvalId: string;
  /** Of that run. */
  readonly callId: string;
  readonly kind: CheckpointKind;
  readonly tool: string;
  readonly digest: string;
  readonly requestedAt: number;
  readonly votesRequired: number;
  readonly expiresAt?: number;
}

export interface ChildClosed extends OfChild {
  readonly type: "child_closed";
  readonly runId: string;
  readonly approvalId: string;
  readonly closing: MirroredClosing;
}

export type MirroredClosing =
  | {
      readonly how: "decided";
      readonly at: number;
      readonly outcome: Outcome;
      readonly who: string;
      readonly onBehalfOf?: string;
      readonly decisionId: string;
    }
  | { readonly how: "expired" | "cancelled" | "withdrawn"; readonly at: number };

/** A child waits for people and nothing else from now on, or no longer. */
export interface ChildReported extends OfChild {
  readonly type: "child_reported";
  readonly waits: boolean;
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
