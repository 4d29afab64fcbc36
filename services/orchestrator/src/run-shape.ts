// The shape of what is stored of a run: what every reader of it goes by. What is told only by an event's own fields is not
// looked at here, nor is what may be absent.
import type { RunEvent } from "./core/events.js";
import type { Schedule } from "./core/obligations.js";
import type { Run } from "./core/run.js";
import type { ChunkRef } from "./ports.js";
import {
  byKey,
  fields,
  finite,
  flag,
  json,
  kept,
  list,
  ofKind,
  oneOf,
  type Shape,
  ShapeFault,
  text,
  whole,
} from "./row-shape.js";

const FIRST_MS = Date.parse("0001-01-01T00:00:00.000Z");
const LAST_MS = Date.parse("9999-12-31T23:59:59.999Z");

/** Milliseconds since the epoch that everybody can be told: of the years 1 to 9999. */
const time: Shape<number> = (value, place) => {
  const at = finite(value, place);
  if (at >= FIRST_MS && at <= LAST_MS) return at;
  throw new ShapeFault(place);
};

const kind = fields({ kind: text });

const claim = fields({ attempt: whole(), nonce: text });

const call = fields(
  {
    callId: text,
    tool: text,
    queue: text,
    gate: text,
    argumentsSequence: whole(),
    digest: text,
    attempts: whole(),
    failures: whole(),
    releases: whole(),
    incompatible: flag,
    claims: list(claim),
    state: kind,
  },
  { approval: fields({ approvalId: text, decisionId: text }) },
);

const checkpoint = fields(
  {
    approvalId: text,
    kind: oneOf("APPROVAL", "QUESTION", "SETTLEMENT"),
    callId: text,
    tool: text,
    requestedAt: time,
    updatedAt: time,
    sequence: whole(),
    argumentsSequence: whole(),
    digest: text,
    votesRequired: whole(),
    votes: list(fields({ who: text, at: time, outcome: text, sequence: whole() })),
    explicit: flag,
  },
  {
    expiresAt: finite,
    escalated: whole(),
    unknown: fields({}),
    preview: fields({ terms: fields({ fields: list(text), timeoutMs: finite }), shows: kind }),
    closed: fields({ how: text, at: time, sequence: whole() }),
  },
);

const end = fields({ state: oneOf("COMPLETED", "FAILED", "CANCELLED", "TIMED_OUT") });

const run = fields(
  {
    runId: text,
    namespace: text,
    lastSequence: whole(),
    startedAt: time,
    updatedAt: time,
    startedBy: text,
    requestHash: text,
    agentName: text,
    agentVersion: text,
    maxTurns: whole(),
    labels: byKey(text),
    paused: flag,
    phase: ofKind({
      active: fields({}),
      ending: fields({ end }),
      ended: fields({ end, at: time, sequence: whole() }),
    }),
    turn: fields({
      number: whole(),
      model: ofKind({
        held: fields({ attempt: whole() }),
        calling: fields({ attempt: whole(), holder: text, since: finite, notBefore: finite }),
        replied: fields({ sequence: whole() }),
        exhausted: fields({}),
      }),
      calls: list(call),
    }),
    checkpoints: byKey(checkpoint),
    acts: byKey(fields({ requestHash: text, approvalId: text, sequence: whole() })),
    pastCalls: byKey(fields({ tool: text, gate: text, digest: text, claims: list(claim) })),
    usage: fields({ inputTokens: whole(), outputTokens: whole() }),
    warnedOf: list(text),
  },
  {
    onBehalfOf: text,
    parentRunId: text,
    parentCallId: text,
    rootRunId: text,
    depth: whole(),
    children: byKey(fields({ runId: text, seen: whole() })),
    mirrors: byKey(fields({ callId: text, runId: text, kind: text })),
    deadline: fields({ limitMs: finite, spentMs: finite }),
  },
);

/** A state, written as JSON text. */
export const runText: Shape<Run> = json(kept<Run>(run));

/** An event, written as JSON text. */
export const eventText: Shape<RunEvent> = json(
  kept<RunEvent>(fields({ sequence: whole(), at: time, by: text, fact: fields({ type: text }) })),
);

/** Written as JSON text. */
export const scheduleText: Shape<Schedule> = json(byKey(finite));

export const chunkRef: Shape<ChunkRef> = fields({ id: text, from: whole(), to: whole() });
