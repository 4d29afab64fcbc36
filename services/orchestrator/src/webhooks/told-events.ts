// What of a run's events webhooks are told, and in which words. The same events always give the same.

import {
  type Act,
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
}

const TYPES: Readonly<Record<WebhookEvent, string>> = {
  WAITING: "approval.waiting",
  DECIDED: "approval.decided",
  EXPIRED: "approval.expired",
  OUTCOME_UNKNOWN: "approval.outcome_unknown",
  ENDED: "run.ended",
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
    if ("callId" in event.fact && argumentsBefore(events, event.fact.callId, event.sequence) === undefined) {
      return undefined;
    }
    told.push(...toldOf(run, events, event, kind));
  }
  return told;
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
      return fact.why === "EXPIRED" ? "EXPIRED" : undefined;
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
  const told = { sequence, at: Math.floor(at), event, type: TYPES[event] };
  if (fact.type === "ended") {
    const { end } = fact;
    const reason = end.state === "COMPLETED" ? undefined : end.reason;
    return [{ ...told, tool: "", data: { ...common, state: end.state, reason }, whole: {} }];
  }
  if (fact.type !== "waiting" && fact.type !== "decided" && fact.type !== "checkpoint_closed") return [];
  const { approvalId, callId } = fact;
  const argumentsJson = argumentsBefore(events, callId, sequence) ?? "";
  const { tool = "", kind, digest } = run.checkpoints[approvalId] ?? {};
  const about = { ...common, approvalId, kind, callId, toolName: tool };
  switch (fact.type) {
    case "waiting":
      return [{ ...told, tool, data: { ...about, ...asked(run, fact) }, whole: { argumentsJson } }];
    case "decided": {
      const { edited, comment } = fact;
      const whole = { argumentsJson, editedArgumentsJson: edited?.arguments, comment };
      const decided = { argumentsDigest: fact.signed?.digest ?? digest, editedArgumentsDigest: edited?.digest };
      return [{ ...told, tool, data: { ...about, ...decided, ...said(fact), grant: grantOf(fact.ground) }, whole }];
    }
    case "checkpoint_closed":
      return [{ ...told, tool, data: about, whole: { argumentsJson } }];
    default:
      return fact satisfies never;
  }
}

function asked(run: Run, { callId, digest, reason, votesRequired, expiresAt, approvers, unknown }: Waiting) {
  return {
    ...{ argumentsDigest: digest, reason, votesRequired, approvers },
    expiresAt: expiresAt === undefined ? undefined : new Date(expiresAt).toISOString(),
    unknownOutcome: unknown && {
      ...{ attempt: unknown.attempt, workerId: unknown.workerId, cause: unknown.cause },
      idempotencyKey: idempotencyKeyOf(run.runId, callId),
    },
  };
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
