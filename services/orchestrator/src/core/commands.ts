// What may be asked of a run, in the imperative, and what is answered. Every command carries a key that the run
// remembers (idempotency key, turn and attempt, nonce, decision id), so that asking twice is asking once.
import type { OwnerDemand } from "./agent.js";
import type {
  End,
  Ground,
  LostHow,
  MirroredCheckpoint,
  MirroredClosing,
  Outcome,
  ProbeVerdict,
  ReleaseReason,
  ReportedOutcome,
  Via,
} from "./events.js";
import type { ModelFailure, ModelReply } from "./model.js";
import type { Voter } from "./voters.js";

export interface Start {
  readonly type: "start";
  readonly runId: string;
  readonly namespace: string;
  readonly input: string;
  readonly startedBy: string;
  readonly onBehalfOf?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly deadlineMs?: number;
  /** Of the normalised request as sent: the same key with another request is refused. */
  readonly requestHash: string;
  readonly parentRunId?: string;
  readonly parentCallId?: string;
  readonly rootRunId?: string;
  readonly depth?: number;
}

export interface TakeModelReply {
  readonly type: "take_model_reply";
  readonly turn: number;
  readonly attempt: number;
  readonly reply: ModelReply;
  /** What the owners of the called tools demand, by tool. */
  readonly owners: Readonly<Record<string, OwnerDemand>>;
  /** Uses of standing grants that were taken for these calls, by call. One that does not fit is not used. */
  readonly grants?: Readonly<Record<string, GrantUse>>;
}

/** One use of a standing grant, taken from its counter: nobody else has it. */
export interface GrantUse extends Ground {
  /** Who made the grant. */
  readonly by: Voter;
  /** True of the arguments that it lets run; any where empty. */
  readonly rule: string;
  readonly expiresAt: number;
}

export interface TakeModelFailure {
  readonly type: "take_model_failure";
  readonly turn: number;
  readonly attempt: number;
  readonly failure: ModelFailure;
}

/** The orchestrator that held the model call is lost. */
export interface ReplaceModelCall {
  readonly type: "replace_model_call";
  readonly turn: number;
  readonly attempt: number;
}

export interface Claim {
  readonly type: "claim";
  readonly callId: string;
  readonly attempt: number;
  readonly nonce: string;
  readonly workerId: string;
  readonly incarnation: string;
  readonly owner: OwnerDemand;
  /** False: a plain call is granted without storing the claim; it is stored with the outcome, or by a later claim. */
  readonly store: boolean;
}

export interface Complete {
  readonly type: "complete";
  readonly callId: string;
  readonly attempt: number;
  readonly nonce: string;
  readonly workerId: string;
  readonly incarnation: string;
  /** From the grant; binds the outcome to the arguments. */
  readonly digest: string;
  readonly outcome: CompletedOutcome;
}

export type CompletedOutcome =
  | Exclude<ReportedOutcome, { readonly kind: "error" }>
  | { readonly kind: "error"; readonly message: string; readonly retryable: boolean };

export interface Release {
  readonly type: "release";
  readonly callId: string;
  readonly attempt: number;
  readonly nonce: string;
  readonly workerId: string;
  readonly incarnation: string;
  readonly reason: ReleaseReason;
  readonly detail: string;
  /** Its worker had said that it had begun: then nothing is given back, and the claim ends like one that was disowned. */
  readonly begun?: true;
}

/** The judge found the claim's process lost, or alive and not holding it. */
export interface EndClaim {
  readonly type: "end_claim";
  readonly callId: string;
  readonly attempt: number;
  readonly nonce: string;
  readonly how: LostHow;
  /** When that process last showed life, by the store's clock, where it is known. */
  readonly lastHeartbeatAt?: number;
}

/** A worker asks for what a probe needs. Nothing of it is stored: a probe only looks, and may do so twice. */
export interface ClaimProbe {
  readonly type: "claim_probe";
  readonly callId: string;
  readonly attempt: number;
}

/** What a tool's probe says of an attempt whose outcome is unknown. */
export interface AnswerProbe {
  readonly type: "answer_probe";
  readonly callId: string;
  readonly attempt: number;
  readonly workerId: string;
  /** From the grant; binds the answer to the arguments. */
  readonly digest: string;
  readonly verdict: ProbeVerdict;
  /** With HAPPENED: the call's result, as JSON text. */
  readonly result: string;
  /** In words, for people. */
  readonly detail: string;
}

/** A worker asks for what a preview needs. Nothing runs by it, and several may look. */
export interface ClaimPreview {
  readonly type: "claim_preview";
  readonly callId: string;
  readonly attempt: number;
  readonly workerId: string;
}

/** What a worker saw that a call would do. */
export interface AnswerPreview {
  readonly type: "answer_preview";
  readonly callId: string;
  /** From the grant, as the digest: an answer to an earlier question is none to a later one. */
  readonly number: number;
  readonly digest: string;
  readonly workerId: string;
  readonly said: PreviewSaid;
}

export type PreviewSaid =
  /** JSON text, as the worker sent it. */
  { readonly kind: "found"; readonly text: string } | { readonly kind: "failed"; readonly detail: string };

/** What a person asks of a checkpoint. */
export interface Decide {
  readonly type: "decide";
  /** How it is known who decides: for the record, and for the signature. */
  readonly by?: Via;
  readonly decisionId: string;
  readonly requestHash: string;
  readonly who: string;
  readonly onBehalfOf?: string;
  /** Of `who`, by its credential. */
  readonly groups: readonly string[];
  /** Whether it is known who asks. */
  readonly authenticated: boolean;
  /** The one open checkpoint where absent. */
  readonly approvalId?: string;
  readonly digest?: string;
  /** The fingerprint of the preview that was in sight, empty where none was; whichever it was where absent. */
  readonly preview?: string;
  readonly comment: string;
  readonly verdict: Verdict;
}

export type Verdict =
  | { readonly kind: "approve"; readonly editedArguments?: string }
  | { readonly kind: "reject" }
  /** `content` is canonical JSON text. */
  | { readonly kind: "respond"; readonly content: string }
  | { readonly kind: "settle"; readonly outcome: "happened"; readonly result: string }
  | { readonly kind: "settle"; readonly outcome: "run_again" | "given_up" };

export interface Cancel {
  readonly type: "cancel";
  readonly who: string;
  readonly reason: string;
}

export interface Pause {
  readonly type: "pause";
  readonly who: string;
  readonly reason: string;
  /** One human act: sent again, it does nothing. */
  readonly requestId: string;
}

export interface Resume {
  readonly type: "resume";
  readonly who: string;
  readonly requestId: string;
}

/** The run that a call asked for has been started, perhaps some time ago. */
export interface RecordChild {
  readonly type: "record_child";
  readonly callId: string;
  readonly childRunId: string;
  readonly agentName: string;
  readonly agentVersion: string;
}

/** No run can be started for a call. */
export interface RefuseChild {
  readonly type: "refuse_child";
  readonly callId: string;
  /** What the model is told. */
  readonly problem: string;
}

/** What a run that this one started tells of itself: everything that there is to tell. */
export interface TakeReport extends Omit<RecordChild, "type"> {
  readonly type: "take_report";
  /** The child's event since which this is so. */
  readonly sequence: number;
  /** It waits for people and nothing else. */
  readonly waits: boolean;
  /** Its checkpoints, and those that it mirrors, the closed ones too. */
  readonly checkpoints: readonly ReportedCheckpoint[];
  readonly end?: ChildEnd;
}

export interface ReportedCheckpoint extends MirroredCheckpoint {
  readonly closed?: MirroredClosing;
}

export type ChildEnd =
  /** The result is JSON text. */
  { readonly state: "COMPLETED"; readonly result: string } | Exclude<End, { readonly state: "COMPLETED" }>;

/** Time passed: whatever is due by now happens. */
export interface Tick {
  readonly type: "tick";
  /** When processes last showed life, by incarnation, as far as it is known: told of those whose time is over. */
  readonly lastHeartbeats?: Readonly<Record<string, number>>;
}

/** Moves the times of obligations that were looked after and are still owed. No event: it is no fact of the run. */
export interface Reschedule {
  readonly type: "reschedule";
  readonly due: Readonly<Record<string, number>>;
}

export type Command =
  | Start
  | TakeModelReply
  | TakeModelFailure
  | ReplaceModelCall
  | Claim
  | Complete
  | Release
  | EndClaim
  | ClaimProbe
  | AnswerProbe
  | ClaimPreview
  | AnswerPreview
  | Decide
  | Cancel
  | Pause
  | Resume
  | RecordChild
  | RefuseChild
  | TakeReport
  | Tick
  | Reschedule;

export type CommandType = Command["type"];

export type Answer =
  | { readonly type: "started"; readonly created: boolean }
  | ClaimAnswer
  | ProbeGranted
  | PreviewGranted
  | { readonly type: "completed"; readonly status: "ACCEPTED" | "LATE" }
  | { readonly type: "stale"; readonly detail: string }
  | { readonly type: "released"; readonly released: boolean }
  | DecidedAnswer
  | Forward
  /** No call of this run started the one that reports. */
  | { readonly type: "not_its_child" }
  /** Carried out, or nothing was left to do. */
  | { readonly type: "ok" };

export type ClaimAnswer =
  | {
      readonly type: "granted";
      readonly tool: string;
      readonly argumentsSequence: number;
      readonly digest: string;
      readonly guarded: boolean;
      readonly deadline?: number;
      readonly approval?: { readonly approvalId: string; readonly decisionId: string };
      /** False: nothing of the claim is in the document yet. */
      readonly stored: boolean;
    }
  | { readonly type: "refused"; readonly reason: ClaimRefusal };

/**
 * PROBE: whether the attempt took effect is asked, and nothing else: `claim_probe` gives what is needed for that.
 * PREVIEW: what the call would do is asked, and nothing else: `claim_preview`.
 */
export type ClaimRefusal = "TAKEN" | "ENDED" | "CANCELLED" | "PAUSED" | "GATED" | "NOT_FOUND" | "PROBE" | "PREVIEW";

/** Lets a worker ask the tool's probe, and nothing more. */
export interface ProbeGranted {
  readonly type: "probe_granted";
  readonly tool: string;
  readonly argumentsSequence: number;
  readonly digest: string;
  /** When a person is asked instead. */
  readonly until: number;
}

/** Lets a worker look at what a call would do, and nothing more. */
export interface PreviewGranted {
  readonly type: "preview_granted";
  readonly tool: string;
  readonly argumentsSequence: number;
  readonly digest: string;
  readonly number: number;
  /** When it counts as failed, and how long that is from now. */
  readonly until: number;
  readonly leftMs: number;
}

/** What is to be decided is another run's checkpoint: that one decides, under the same decision id. */
export interface Forward {
  readonly type: "forward";
  readonly runId: string;
}

export interface DecidedAnswer {
  readonly type: "decided";
  readonly approvalId: string;
  readonly decisionId: string;
  readonly outcome: Outcome;
  readonly who: string;
  readonly at: number;
  /** The event that records it. */
  readonly sequence: number;
  readonly closed: boolean;
  readonly votesMissing: number;
  readonly repeated: boolean;
}

/** A command that was not carried out: a value, never thrown. The reasons are the contract's. */
export interface Rejection {
  readonly type: "rejection";
  readonly reason: RejectionReason;
  readonly message: string;
  readonly metadata?: Readonly<Record<string, string>>;
  /** What is wrong with which field of the request. */
  readonly fields?: readonly FieldProblem[];
  readonly retryAfterMs?: number;
}

export interface FieldProblem {
  readonly field: string;
  readonly description: string;
}

export type RejectionReason =
  | "RUN_NOT_FOUND"
  | "APPROVAL_NOT_FOUND"
  | "INVALID_REQUEST"
  | "INVALID_ARGUMENTS"
  | "APPROVAL_ID_REQUIRED"
  | "NOTHING_TO_DECIDE"
  | "SETTLE_REQUIRED"
  | "RUN_ENDED"
  | "APPROVAL_EXPIRED"
  | "ALREADY_DECIDED"
  | "ARGUMENTS_CHANGED"
  | "IDEMPOTENCY_KEY_REUSED"
  | "PERMISSION_DENIED"
  | "SELF_APPROVAL"
  | "LIMIT_EXCEEDED";
