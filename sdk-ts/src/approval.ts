import {
  ApprovalKind as ApprovalKindEnum,
  type Approval as ApprovalMessage,
  type Approvers as ApproversMessage,
  type Decision as DecisionMessage,
  DecisionOutcome as DecisionOutcomeEnum,
  type Preview as PreviewMessage,
  PreviewStatus as PreviewStatusEnum,
  ProbeVerdict as ProbeVerdictEnum,
  type UnknownOutcome as UnknownOutcomeMessage,
  type Vote as VoteMessage,
} from "@agentspan/proto";
import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";
import { type JsonObject, readJson, readJsonObject } from "./json-text.js";

/** APPROVAL: may this tool run? QUESTION: what is the answer? SETTLEMENT: did this tool's effect happen? */
export type ApprovalKind = "APPROVAL" | "QUESTION" | "SETTLEMENT" | "UNSPECIFIED";
export type DecisionOutcome =
  | "APPROVED"
  | "REJECTED"
  | "RESPONDED"
  | "HAPPENED"
  | "RUN_AGAIN"
  | "GIVEN_UP"
  | "UNSPECIFIED";

/** A point where a run waits for a person. */
export interface Approval {
  readonly approvalId: string;
  readonly kind: ApprovalKind;
  readonly runId: string;
  readonly callId: string;
  readonly agentName: string;
  readonly toolName: string;
  /** A reading of argumentsJson. */
  readonly arguments: JsonObject;
  /** The exact text that is shown, hashed and executed. */
  readonly argumentsJson: string;
  /** "sha256:" and the hash of that text. */
  readonly argumentsDigest: string;
  readonly requestedAt: Date | undefined;
  /** Undefined where it never expires. */
  readonly expiresAt: Date | undefined;
  readonly updatedAt: Date | undefined;
  /** To approve it or, of a settlement, to run it again: anything else takes one person. */
  readonly votesRequired: number;
  readonly votes: readonly Vote[];
  /** What the call would do; undefined where its tool does not say, or an edit closed it. */
  readonly preview: Preview | undefined;
  /** Why it is gated, in words. */
  readonly reason: string;
  /** On a SETTLEMENT: what is known of the attempt. */
  readonly unknownOutcome: UnknownOutcome | undefined;
  /** Set once a person closed it. */
  readonly decision: Decision | undefined;
  /** Who may decide; undefined where everybody may whom the server lets approve. */
  readonly approvers: Approvers | undefined;
  /** When it went to others, since nobody had decided in time; undefined where it did not. */
  readonly escalatedAt: Date | undefined;
  /** Of a QUESTION that was read with a status or a list: what its answers must be. Undefined where any JSON is one. */
  readonly answerSchema: JsonObject | undefined;
  /** Of a run that another one started: that one, and the first of them all; else empty. */
  readonly parentRunId: string;
  readonly rootRunId: string;
}

export interface Approvers {
  readonly users: readonly string[];
  readonly groups: readonly string[];
}

/**
 * PENDING: it is being taken, and whoever decides now decides without it. SHOWN: here it is. FAILED: there is none. Only
 * what was SHOWN is compared before the call runs.
 */
export type PreviewStatus = "PENDING" | "SHOWN" | "FAILED" | "UNSPECIFIED";

/** What a call would do, as its tool sees it without doing it. */
export interface Preview {
  readonly status: PreviewStatus;
  /** A reading of contentJson: a text, { before, after }, or whatever else the tool shows; undefined where there is none. */
  readonly content: unknown;
  readonly contentJson: string;
  /** "sha256:" and the hash of the fields that must be the same when the call runs. */
  readonly fingerprint: string;
  readonly takenAt: Date | undefined;
  /** Why it failed; else empty. */
  readonly detail: string;
  /** What was shown when the call was approved before, and had changed, or could not be seen, when it was to run. */
  readonly previous: Preview | undefined;
  /** What must be the same, as paths; all of it where empty. */
  readonly fields: readonly string[];
}

export interface UnknownOutcome {
  readonly attempt: number;
  readonly workerId: string;
  readonly grantedAt: Date | undefined;
  /** LEASE_ENDED, DISOWNED or TIMED_OUT. */
  readonly cause: string;
  readonly idempotencyKey: string;
  /** When that worker's process last showed life, by the store's clock; undefined where nobody knows. */
  readonly lastHeartbeatAt: Date | undefined;
  /** What the tool's probe said; undefined where it was not asked. */
  readonly probe: ProbeFinding | undefined;
}

/**
 * HAPPENED: the effect happened. DID_NOT_HAPPEN: it did not by the time that the probe looked. UNKNOWN: the probe cannot
 * tell. NO_ANSWER: it was asked, and nobody answered in time.
 */
export type ProbeVerdict = "HAPPENED" | "DID_NOT_HAPPEN" | "UNKNOWN" | "NO_ANSWER" | "UNSPECIFIED";

export interface ProbeFinding {
  readonly verdict: ProbeVerdict;
  /** The probe's own words. */
  readonly detail: string;
}

/** What one person said. */
export interface Vote {
  readonly who: string;
  readonly at: Date | undefined;
  readonly what: DecisionOutcome;
  readonly comment: string;
  readonly edited: boolean;
  /** For whom a delegate spoke, whose vote it is; else empty. */
  readonly onBehalfOf: string;
  /** Of the preview that was shown; empty where none was. */
  readonly previewFingerprint: string;
}

/** What closed a checkpoint, or would have with enough votes. */
export interface Decision {
  readonly approvalId: string;
  readonly decisionId: string;
  readonly outcome: DecisionOutcome;
  readonly decidedBy: string;
  readonly decidedAt: Date | undefined;
  readonly comment: string;
  /** What this decision put in place of the arguments, and what ran; else empty. An earlier vote may have edited them. */
  readonly editedArgumentsJson: string;
  readonly onBehalfOf: string;
  /** The standing grant that decided, in its maker's name; undefined where a person did. */
  readonly ground: GrantUse | undefined;
  /** Of the preview that was shown, of the arguments before an edit; empty where none was. */
  readonly previewFingerprint: string;
}

export interface GrantUse {
  readonly grantId: string;
  readonly version: string;
  readonly use: number;
}

export function dateOf(timestamp: Timestamp | undefined): Date | undefined {
  return timestamp && timestampDate(timestamp);
}

export function approvalOf(message: ApprovalMessage): Approval {
  const { unknownOutcome: unknown } = message;
  return {
    approvalId: message.approvalId,
    kind: kindOf(message.kind),
    runId: message.runId,
    callId: message.callId,
    agentName: message.agentName,
    toolName: message.toolName,
    arguments: readJsonObject(message.argumentsJson),
    argumentsJson: message.argumentsJson,
    argumentsDigest: message.argumentsDigest,
    requestedAt: dateOf(message.requestedAt),
    expiresAt: dateOf(message.expiresAt),
    updatedAt: dateOf(message.updatedAt),
    votesRequired: message.votesRequired,
    votes: message.votes.map(voteOf),
    preview: message.preview && previewOf(message.preview),
    reason: message.reason,
    unknownOutcome: unknown && unknownOutcomeOf(unknown),
    decision: message.decision && decisionOf(message.decision),
    approvers: approversOf(message.approvers),
    escalatedAt: dateOf(message.escalatedAt),
    parentRunId: message.parentRunId,
    rootRunId: message.rootRunId,
    answerSchema: message.answerSchemaJson === "" ? undefined : readJsonObject(message.answerSchemaJson),
  };
}

export function previewOf(message: PreviewMessage): Preview {
  const { contentJson, fingerprint, detail, fields, previous } = message;
  return {
    status: previewStatusOf(message.status),
    content: contentJson === "" ? undefined : readJson(contentJson),
    contentJson,
    fingerprint,
    takenAt: dateOf(message.takenAt),
    detail,
    previous: previous && previewOf(previous),
    fields,
  };
}

export function previewStatusOf(status: PreviewStatusEnum): PreviewStatus {
  return (PreviewStatusEnum[status] as PreviewStatus | undefined) ?? "UNSPECIFIED";
}

export function approversOf(message: ApproversMessage | undefined): Approvers | undefined {
  return message && { users: message.users, groups: message.groups };
}

export function unknownOutcomeOf(message: UnknownOutcomeMessage): UnknownOutcome {
  const { attempt, workerId, grantedAt, cause, idempotencyKey, lastHeartbeatAt, probeVerdict, probeDetail } = message;
  const asked = probeVerdict !== ProbeVerdictEnum.UNSPECIFIED;
  return {
    attempt,
    workerId,
    grantedAt: dateOf(grantedAt),
    cause,
    idempotencyKey,
    lastHeartbeatAt: dateOf(lastHeartbeatAt),
    probe: asked ? { verdict: verdictOf(probeVerdict), detail: probeDetail } : undefined,
  };
}

export function voteOf(message: VoteMessage): Vote {
  const { who, comment, edited, onBehalfOf, previewFingerprint } = message;
  const said = { what: outcomeOf(message.what), comment, edited, previewFingerprint };
  return { who, at: dateOf(message.at), ...said, onBehalfOf };
}

export function decisionOf(message: DecisionMessage): Decision {
  const { approvalId, decisionId, decidedBy, comment, editedArgumentsJson, onBehalfOf, ground: use } = message;
  const outcome = outcomeOf(message.outcome);
  const decidedAt = dateOf(message.decidedAt);
  const ground = use && { grantId: use.grantId, version: use.version, use: use.use };
  const { previewFingerprint } = message;
  const said = { comment, editedArgumentsJson, onBehalfOf, ground, previewFingerprint };
  return { approvalId, decisionId, outcome, decidedBy, decidedAt, ...said };
}

// A newer server may send a number that this version has no name for.
function kindOf(kind: ApprovalKindEnum): ApprovalKind {
  return (ApprovalKindEnum[kind] as ApprovalKind | undefined) ?? "UNSPECIFIED";
}

export function verdictOf(verdict: ProbeVerdictEnum): ProbeVerdict {
  return (ProbeVerdictEnum[verdict] as ProbeVerdict | undefined) ?? "UNSPECIFIED";
}

function outcomeOf(outcome: DecisionOutcomeEnum): DecisionOutcome {
  return (DecisionOutcomeEnum[outcome] as DecisionOutcome | undefined) ?? "UNSPECIFIED";
}
