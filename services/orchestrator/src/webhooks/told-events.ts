// What of a run's events webhooks are told, and in which words. The same events always give the same.

import {
  type Act,
  type Approvers,
  type Escalated,
  type Fact,
  idempotencyKeyOf,
  type Outcome,
  type Run,
  type RunEvent,
  type Waiting,
} from "../core/index.js";
import { argumentsBefore } from "../encode/approval.js";
import type { WebhookEvent } from "../ports.js";

/** One event as webhooks are told of it. */
export interface Told {
  readonly sequence: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly event: WebhookEvent;
  /** The type of the message. */
  readonly type: string;
  /** Empty of the end of a run. */
  readonly tool: string;
  /** What everybody is told; members that are undefined are left out. */
  readonly data: Readonly<Record<string, unknown>>;
  /** What is told beside it where whole arguments are asked for. */
  readonly whole: Readonly<Record<string, unknown>>;
  /** Absent of the end of a run. */
  readonly checkpoint?: ToldCheckpoint;
}

export interface ToldCheckpoint {
  /** Sequence of the event that asked people. */
  readonly askedBy: number;
  /** Who decides, or did, where not everybody. */
  readonly approvers?: Approvers;
  /** People are shown what the call would do. */
  readonly previews: boolean;
}

const TYPES: Readonly<Record<WebhookEvent, string>> = {
  WAITING: "approval.waiting",
  DECIDED: "approval.decided",
  EXPIRED: "approval.expired",
  OUTCOME_UNKNOWN: "approval.outcome_unknown",
  ENDED: "run.ended",
  REMINDED: "approval.reminded",
  ESCALATED: "approval.escalated",
  CLOSED: "approval.closed",
};

/** Which of the events are told, whatever is in them. */
export function isTold(fact: Fact): boolean {
  return eventOf(fact) !== undefined;
}

/** Those that are told after a sequence, of the last events of a run; undefined where what they are about stands in earlier ones. */
export function newlyTold(run: Run, events: readonly RunEvent[], after: number): readonly Told[] | undefined {
  const told: Told[] = [];
  for (const event of events) {
    if (event.sequence <= after) continue;
    const kind = eventOf(event.fact);
    if (kind === undefined) continue;
    if (!isAboutThese(events, event)) return undefined;
    told.push(...toldOf(run, events, event, kind));
  }
  return told;
}

/** Whether the arguments that an event is about stand in these, and who was asked. */
function isAboutThese(events: readonly RunEvent[], { sequence, fact }: RunEvent): boolean {
  if (!("approvalId" in fact)) return true;
  if (argumentsBefore(events, fact.callId, sequence) === undefined) return false;
  return isByGrant(fact) || askedIn(events, fact.approvalId, sequence) !== undefined;
}

function isByGrant(fact: Fact): boolean {
  return fact.type === "decided" && fact.ground !== undefined;
}

/** The last event by then that asked people about it. */
function askedIn(events: readonly RunEvent[], approvalId: string, by: number): Waiting | Escalated | undefined {
  for (const { sequence, fact } of events.toReversed()) {
    if (sequence > by || (fact.type !== "waiting" && fact.type !== "escalated")) continue;
    if (fact.approvalId === approvalId) return fact;
  }
  return undefined;
}

/** Of the arguments that it was about by then: those that were asked about, or the last edit of them. */
function digestIn(events: readonly RunEvent[], approvalId: string, by: number): string | undefined {
  for (const { sequence, fact } of events.toReversed()) {
    if (sequence > by || !("approvalId" in fact) || fact.approvalId !== approvalId) continue;
    if (fact.type === "waiting") return fact.digest;
    if (fact.type === "voted" && fact.edited !== undefined) return fact.edited.digest;
  }
  return undefined;
}

/** The same of all events of a run. */
export function toldEvents(run: Run, events: readonly RunEvent[], after = 0): readonly Told[] {
  return events.flatMap((event) => {
    const kind = event.sequence <= after ? undefined : eventOf(event.fact);
    return kind === undefined ? [] : toldOf(run, events, event, kind);
  });
}

function eventOf(fact: Fact): WebhookEvent | undefined {
  switch (fact.type) {
    case "waiting":
      return fact.kind === "SETTLEMENT" ? "OUTCOME_UNKNOWN" : "WAITING";
    case "decided":
      return "DECIDED";
    case "checkpoint_closed":
      return fact.why === "EXPIRED" ? "EXPIRED" : "CLOSED";
    case "reminded":
      return "REMINDED";
    case "escalated":
      return "ESCALATED";
    case "ended":
      return "ENDED";
    default:
      return undefined;
  }
}

function toldOf(
  run: Run,
  events: readonly RunEvent[],
  { sequence, at, fact }: RunEvent,
  event: WebhookEvent,
): readonly Told[] {
  const common = {
    ...{ namespace: run.namespace, runId: run.runId, agentName: run.agentName, sequence },
    ...{ parentRunId: run.parentRunId, labels: run.labels },
  };
  const bare = { sequence, at: Math.floor(at), event, type: TYPES[event] };
  if (fact.type === "ended") {
    const { end } = fact;
    const reason = end.state === "COMPLETED" ? undefined : end.reason;
    return [{ ...bare, tool: "", data: { ...common, state: end.state, reason }, whole: {} }];
  }
  if (!("approvalId" in fact)) return [];
  const { approvalId, callId } = fact;
  const whole = { argumentsJson: argumentsBefore(events, callId, sequence) ?? "" };
  const { tool = "", kind, digest, sequence: askedBy = sequence, preview } = run.checkpoints[approvalId] ?? {};
  const about = { ...common, approvalId, kind, callId, toolName: tool };
  const { approvers } = askedIn(events, approvalId, sequence) ?? {};
  const checkpoint = { askedBy, previews: preview !== undefined, ...(approvers === undefined ? {} : { approvers }) };
  const told = { ...bare, tool, checkpoint };
  switch (fact.type) {
    case "waiting":
      return [{ ...told, data: { ...about, ...asked(run, fact) }, whole }];
    case "decided": {
      const { edited, comment } = fact;
      const beside = { ...whole, editedArgumentsJson: edited?.arguments, comment };
      const decided = { argumentsDigest: fact.signed?.digest ?? digest, editedArgumentsDigest: edited?.digest };
      const data = { ...about, ...decided, ...said(fact), grant: grantOf(fact.ground) };
      return [{ ...told, data, whole: beside }];
    }
    case "checkpoint_closed":
      return [{ ...told, data: fact.why === "EXPIRED" ? about : { ...about, why: fact.why }, whole }];
    case "escalated": {
      const data = { ...about, argumentsDigest: digestIn(events, approvalId, sequence), approvers };
      return [{ ...told, data: { ...data, expiresAt: iso(fact.expiresAt) }, whole }];
    }
    case "reminded": {
      const data = { ...about, argumentsDigest: digestIn(events, approvalId, sequence), approvers };
      return [{ ...told, data: { ...data, number: fact.number }, whole }];
    }
    default:
      return [];
  }
}

function asked(run: Run, { callId, digest, reason, votesRequired, expiresAt, approvers, unknown }: Waiting) {
  return {
    ...{ argumentsDigest: digest, reason, votesRequired, approvers },
    expiresAt: expiresAt === undefined ? undefined : iso(expiresAt),
    unknownOutcome: unknown && {
      ...{ attempt: unknown.attempt, workerId: unknown.workerId, cause: unknown.cause },
      idempotencyKey: idempotencyKeyOf(run.runId, callId),
    },
  };
}

function iso(at: number): string {
  return new Date(at).toISOString();
}

const OUTCOMES: Readonly<Record<Outcome, string>> = {
  approved: "APPROVED",
  rejected: "REJECTED",
  responded: "RESPONDED",
  happened: "HAPPENED",
  run_again: "RUN_AGAIN",
  given_up: "GIVEN_UP",
};

function said({ outcome, who, onBehalfOf, decisionId }: Act) {
  return { outcome: OUTCOMES[outcome], decidedBy: who, onBehalfOf, decisionId };
}

function grantOf(ground: Extract<Fact, { type: "decided" }>["ground"]) {
  return ground && { grantId: ground.grantId, version: ground.version, use: ground.use };
}
