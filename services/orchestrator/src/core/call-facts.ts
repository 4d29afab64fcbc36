// What happened to calls: the model asked for them, workers took them, and what came of it.
import type { AgentRef } from "./agent.js";
import type { Signed, SignedGrant } from "./signed.js";

/** How guarded a call is. Approval and once start at most once and their error is final. */
export type Gate = "plain" | "once" | "approval";

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
  /** Where the call is guarded. */
  readonly signed?: Signed;
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
  /** Where the call is guarded. */
  readonly signed?: Signed;
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
  /** Where the call is guarded. */
  readonly signed?: Signed;
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

/** A short digest of who reported an outcome and of what was said, before any of it was cut. */
export type ReportDigest = string;

export type CallOutcome =
  | ReportedOutcome
  /** A person said no; or nobody did anything in time, as the closing of the checkpoint says. */
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
