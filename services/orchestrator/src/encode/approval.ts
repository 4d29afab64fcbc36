// Checkpoints and decisions as public messages.

import {
  type Approval,
  ApprovalKind,
  ApprovalSchema,
  type ApproversSchema,
  DecisionOutcome,
  type DecisionSchema,
  ProbeVerdict,
  RunState as PublicState,
  type UnknownOutcomeSchema,
} from "@agentspan/proto";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  type Act,
  type Approvers,
  type Checkpoint,
  type CheckpointKind,
  type Decided,
  type Fact,
  idempotencyKeyOf,
  type Outcome,
  type ProbeFinding,
  type Run,
  type RunEvent,
  type RunState,
  type UnknownAttempt,
} from "../core/index.js";
import { encodePreview, type PreviewEvents } from "./preview.js";

/** What the messages of some events need of others. */
export interface EarlierEvents {
  /** The arguments of a call as they stood before a sequence. */
  arguments(callId: string, before: number): string;
  /** A preview_taken event that a waiting event refers to. */
  at(sequence: number): RunEvent | undefined;
}

export { idempotencyKeyOf };

/** The arguments that an event carries: the model's, or a person's edit of them. */
export function argumentsOf(fact: Fact | undefined): string {
  if (fact?.type === "tool_call") return fact.arguments;
  if (fact?.type === "decided" || fact?.type === "voted") return fact.edited?.arguments ?? "";
  return "";
}

/**
 * The arguments of a call as they stood before a sequence: the model's, or the last edit by then. Undefined where these
 * events do not go back far enough.
 */
export function argumentsBefore(events: readonly RunEvent[], callId: string, before: number): string | undefined {
  for (const { sequence, fact } of events.toReversed()) {
    if (sequence >= before || !("callId" in fact) || fact.callId !== callId) continue;
    if (fact.type === "tool_call") return fact.arguments;
    const edited = fact.type === "decided" || fact.type === "voted" ? fact.edited : undefined;
    if (edited !== undefined) return edited.arguments;
  }
  return undefined;
}

/** The events that the message of one checkpoint needs, found by sequence. */
export interface CheckpointEvents extends PreviewEvents {
  readonly waiting: RunEvent | undefined;
  readonly shown: RunEvent | undefined;
  /** The voted and decided events, in the order of the votes. */
  readonly votes: readonly (RunEvent | undefined)[];
  readonly escalated: RunEvent | undefined;
  /** Of the answers to a question, from the definition; any where absent. */
  readonly answerSchema?: string | undefined;
}

export function encodeApproval(run: Run, checkpoint: Checkpoint, events: CheckpointEvents): Approval {
  const waiting = events.waiting?.fact.type === "waiting" ? events.waiting.fact : undefined;
  const escalated = events.escalated?.fact.type === "escalated" ? events.escalated.fact : undefined;
  const approvers = (escalated ?? waiting)?.approvers;
  const { unknown, closed } = checkpoint;
  const decided = closed?.how === "decided" ? events.votes.at(-1) : undefined;
  return create(ApprovalSchema, {
    approvalId: checkpoint.approvalId,
    kind: kindOf(checkpoint.kind),
    runId: run.runId,
    callId: checkpoint.callId,
    agentName: run.agentName,
    toolName: checkpoint.tool,
    argumentsJson: argumentsOf(events.shown?.fact),
    argumentsDigest: checkpoint.digest,
    requestedAt: timestampFromMs(checkpoint.requestedAt),
    updatedAt: timestampFromMs(checkpoint.updatedAt),
    votesRequired: checkpoint.votesRequired,
    votes: checkpoint.votes.map(({ who, at, outcome, onBehalfOf = "" }, index) => {
      const act = actOf(events.votes[index]?.fact);
      const comment = act?.comment ?? "";
      const edited = act?.edited !== undefined;
      const previewFingerprint = act?.preview ?? "";
      const said = { what: outcomeOf(outcome), comment, edited, previewFingerprint };
      return { who, onBehalfOf, at: timestampFromMs(at), ...said };
    }),
    parentRunId: run.parentRunId ?? "",
    rootRunId: run.rootRunId ?? "",
    answerSchemaJson: events.answerSchema ?? "",
    reason: reasonOf(events.shown?.fact) ?? waiting?.reason ?? "",
    ...(approvers === undefined ? {} : { approvers: encodeApprovers(approvers) }),
    ...(events.escalated === undefined ? {} : { escalatedAt: timestampFromMs(events.escalated.at) }),
    ...(checkpoint.expiresAt === undefined ? {} : { expiresAt: timestampFromMs(checkpoint.expiresAt) }),
    ...(unknown === undefined ? {} : { unknownOutcome: encodeUnknown(run.runId, checkpoint.callId, unknown) }),
    ...(decided?.fact.type === "decided" ? { decision: decisionOf(decided.fact, decided.at) } : {}),
    ...(checkpoint.preview === undefined ? {} : { preview: encodePreview(checkpoint.preview.terms, events) }),
  });
}

/** Of arguments that a person edited, where the rule says something else of them. */
function reasonOf(shown: Fact | undefined): string | undefined {
  return shown?.type === "voted" || shown?.type === "decided" ? shown.edited?.reason : undefined;
}

export function encodeApprovers({ users, groups }: Approvers): MessageInitShape<typeof ApproversSchema> {
  return { users: [...users], groups: [...groups] };
}

/** What is known of an attempt whose outcome is not. */
export function encodeUnknown(
  runId: string,
  callId: string,
  { attempt, workerId, grantedAt, cause, lastHeartbeatAt, probe }: UnknownAttempt,
): MessageInitShape<typeof UnknownOutcomeSchema> {
  return {
    attempt,
    workerId,
    grantedAt: timestampFromMs(grantedAt),
    cause,
    idempotencyKey: idempotencyKeyOf(runId, callId),
    ...(lastHeartbeatAt === undefined ? {} : { lastHeartbeatAt: timestampFromMs(lastHeartbeatAt) }),
    ...(probe === undefined ? {} : { probeVerdict: verdictOf(probe.verdict), probeDetail: probe.detail }),
  };
}

const VERDICTS: Readonly<Record<ProbeFinding["verdict"], ProbeVerdict>> = {
  HAPPENED: ProbeVerdict.HAPPENED,
  DID_NOT_HAPPEN: ProbeVerdict.DID_NOT_HAPPEN,
  UNKNOWN: ProbeVerdict.UNKNOWN,
  NO_ANSWER: ProbeVerdict.NO_ANSWER,
};

export function verdictOf(verdict: ProbeFinding["verdict"]): ProbeVerdict {
  return VERDICTS[verdict];
}

function actOf(fact: Fact | undefined): Act | undefined {
  return fact?.type === "voted" || fact?.type === "decided" ? fact : undefined;
}

export function decisionOf(act: Act & Pick<Decided, "ground">, at: number): MessageInitShape<typeof DecisionSchema> {
  return {
    approvalId: act.approvalId,
    decisionId: act.decisionId,
    outcome: outcomeOf(act.outcome),
    decidedBy: act.who,
    decidedAt: timestampFromMs(at),
    comment: act.comment,
    editedArgumentsJson: act.edited?.arguments ?? "",
    onBehalfOf: act.onBehalfOf ?? "",
    ...(act.ground === undefined ? {} : { ground: act.ground }),
    previewFingerprint: act.preview ?? "",
    group: act.group ?? "",
  };
}

const OUTCOMES: Readonly<Record<Outcome, DecisionOutcome>> = {
  approved: DecisionOutcome.APPROVED,
  rejected: DecisionOutcome.REJECTED,
  responded: DecisionOutcome.RESPONDED,
  happened: DecisionOutcome.HAPPENED,
  run_again: DecisionOutcome.RUN_AGAIN,
  given_up: DecisionOutcome.GIVEN_UP,
};

export function outcomeOf(outcome: Outcome): DecisionOutcome {
  return OUTCOMES[outcome];
}

const KINDS: Readonly<Record<CheckpointKind, ApprovalKind>> = {
  APPROVAL: ApprovalKind.APPROVAL,
  QUESTION: ApprovalKind.QUESTION,
  SETTLEMENT: ApprovalKind.SETTLEMENT,
};

export function kindOf(kind: CheckpointKind): ApprovalKind {
  return KINDS[kind];
}

/** The core's kinds for the public ones; unspecified ones are left out. */
export function kindsOf(kinds: readonly ApprovalKind[]): readonly CheckpointKind[] {
  return (Object.keys(KINDS) as CheckpointKind[]).filter((kind) => kinds.includes(KINDS[kind]));
}

const STATES: Readonly<Record<RunState, PublicState>> = {
  RUNNING: PublicState.RUNNING,
  WAITING: PublicState.WAITING,
  PAUSED: PublicState.PAUSED,
  COMPLETED: PublicState.COMPLETED,
  FAILED: PublicState.FAILED,
  CANCELLED: PublicState.CANCELLED,
  TIMED_OUT: PublicState.TIMED_OUT,
};

export function runStateOf(state: RunState): PublicState {
  return STATES[state];
}

export function statesOf(states: readonly PublicState[]): readonly RunState[] {
  return (Object.keys(STATES) as RunState[]).filter((state) => states.includes(STATES[state]));
}
