// How rows become what the ports promise. Each is read by its shape: whoever can write into the database can put anything
// there, and what cannot be read must not keep others from being read.
//
// 1. Of what lets somebody in or lets something run, a row counts whole or not at all.
// 2. What is asked for by its id and cannot be read is thrown as ROW_UNREADABLE. In a list it is left out, or marked where
//    people are to see it: the others are told.
// 3. What a tool's owner demands and cannot be read is the most that could be meant.
import { AUDIT_CHAINS, AUDIT_KINDS } from "@agentspan/internal";
import type { RunEvent } from "../core/events.js";
import { isEndState } from "../core/run.js";
import type {
  AgedRun,
  ApiKey,
  ChangedRun,
  DueRun,
  FoundAudit,
  Instance,
  ListedKey,
  RunStates,
  ShownPermit,
  StandingGrant,
  StoredAgent,
  StoredRun,
  ToolRegistration,
} from "../ports.js";
import { fields, finite, flag, list, oneOf, orElse, type Shape, ShapeFault, text, whole } from "../row-shape.js";
import type { OpenCheckpoint } from "../run-index.js";
import { requireReadable, runOf, storedRunOf } from "../run-record.js";
import { chunkRef, eventText } from "../run-shape.js";
import { date } from "./stored-date.js";

const seal = fields({ signingKeyId: text, signature: text });
const revocation = { revokedAt: date, revokedBy: text };

const MOST_USES = 2 ** 32 - 1;

const SHA256 = /^[0-9a-f]{64}$/;

const sha256: Shape<string> = (value, place) => {
  const said = text(value, place);
  if (SHA256.test(said)) return said;
  throw new ShapeFault(place);
};

const keyRow = fields(
  {
    _id: text,
    namespace: text,
    secretSha256: sha256,
    owner: text,
    roles: list(text),
    groups: list(text),
    description: text,
    createdAt: date,
    createdBy: text,
  },
  { expiresAt: date, ...revocation, lastUsedAt: date, seal },
);

export const apiKey: Shape<ApiKey> = (row, place) => {
  const { _id: keyId, revokedAt, revokedBy, ...same } = keyRow(row, place);
  return { keyId, ...same, ...revokedOf(revokedAt, revokedBy) };
};

/** Every text of it and every time, or nothing in their place. */
const keyAsFarAsItCan = fields({
  _id: text,
  ...{
    namespace: orElse(text, ""),
    owner: orElse(text, ""),
    description: orElse(text, ""),
    createdBy: orElse(text, ""),
  },
  ...{ roles: orElse(list(text), []), groups: orElse(list(text), []) },
  ...{ createdAt: perhaps(date), expiresAt: perhaps(date), lastUsedAt: perhaps(date) },
  ...{ revokedAt: perhaps(date), revokedBy: orElse(text, "") },
});

export const listedKey: Shape<ListedKey> = (row, place) => {
  try {
    return apiKey(row, place);
  } catch (fault) {
    if (!(fault instanceof ShapeFault)) throw fault;
    const { _id: keyId, revokedAt, revokedBy, ...same } = keyAsFarAsItCan(row, place);
    return { keyId, ...same, ...revokedOf(revokedAt, revokedBy), unreadable: fault.place };
  }
};

const grantRow = fields(
  {
    _id: text,
    namespace: text,
    agentName: text,
    toolName: text,
    rule: text,
    maxUses: whole(MOST_USES),
    left: whole(MOST_USES),
    createdAt: date,
    expiresAt: date,
    by: fields({ who: text, groups: list(text), authenticated: flag }, { onBehalfOf: text }),
    description: text,
  },
  { seal, ...revocation },
);

export const standingGrant: Shape<StandingGrant> = (row, place) => {
  const { _id: grantId, left, revokedAt, revokedBy, ...same } = grantRow(row, place);
  const uses = same.maxUses - left;
  if (uses < 0) throw new ShapeFault("left");
  return { grantId, ...same, uses, ...revokedOf(revokedAt, revokedBy) };
};

export const storedAgent: Shape<StoredAgent> = fields({
  ...{ namespace: text, name: text, version: text, definition: text },
  createdAt: date,
});

/** Throws UNIMPLEMENTED where a newer version wrote it, whatever else it has. */
export const storedRun: Shape<StoredRun> = (row, place) => {
  const { _id: runId, schema } = fields({ _id: text, schema: whole() })(row, place);
  requireReadable(runId, schema);
  const { v: version, ...rest } = runRow(row, place);
  return storedRunOf({ runId, version, schema, ...rest });
};

const runRow = fields({
  ...{ v: whole(), run: text, events: list(text), schedule: text, chunks: list(chunkRef) },
  ...{ inlineBytes: whole(), totalBytes: whole() },
});

/** Of a document that was read for its state alone. */
export const runState: Shape<RunStates["states"][number]> = (row, place) => {
  const { _id: runId, v: version, schema, run } = stateRow(row, place);
  return { run: runOf({ runId, schema, run }), version };
};

const stateRow = fields({ _id: text, v: whole(), schema: whole(), run: text });

export const chunkEvents: Shape<readonly RunEvent[]> = (row, place) =>
  fields({ events: list(eventText) })(row, place).events;

export const dueRun: Shape<DueRun> = (row, place) => {
  const { _id: runId, wakeAt } = fields({ _id: text, wakeAt: date })(row, place);
  return { runId, wakeAt };
};

/** As whoever looks for runs that are over since before a time finds it. */
export const agedRun =
  (before: number): Shape<AgedRun> =>
  (row, place) => {
    const { _id: runId, v: version, tellAt: at, state, updatedAt, ...open } = agedRow(row, place);
    const isQuiet = Object.keys(open).length === 0 && updatedAt < before;
    return { runId, version, at, isEnded: isEndState(state), isQuiet };
  };

const agedRow = fields(
  { _id: text, v: whole(), tellAt: date, state: text, updatedAt: date },
  { openSince: date, wakeAt: date },
);

export const auditableRun: Shape<ChangedRun> = (row, place) => {
  const { _id: runId, v: version, auditAt: at } = fields({ _id: text, v: whole(), auditAt: date })(row, place);
  return { runId, version, at };
};

export const openCheckpoints: Shape<readonly OpenCheckpoint[]> = (row, place) => openRow(row, place).open;

const openRow = fields({
  open: list(fields({ kind: oneOf("APPROVAL", "QUESTION", "SETTLEMENT"), tool: text }, { for: list(text) })),
});

const SEQUENCE_IN_ID = /[0-9]+$/;

/** Where it does not say which one it is, its id does. */
export const auditEntry: Shape<FoundAudit> = (row, place) => {
  const { _id: id, sequence, ...rest } = auditRow(row, place);
  return { id, sequence: sequence ?? Number(SEQUENCE_IN_ID.exec(id)?.[0] ?? 0), ...rest };
};

const auditRow = fields({
  _id: text,
  namespace: orElse(text, ""),
  ...{ run: perhaps(text), chain: perhaps(oneOf(...AUDIT_CHAINS)), sequence: perhaps(whole()), at: perhaps(date) },
  ...{ kind: perhaps(oneOf(...AUDIT_KINDS)), people: perhaps(list(text)), tool: perhaps(text) },
  ...{ text: perhaps(text), hash: perhaps(text) },
  signature: perhaps(fields({ keyId: text, signature: text, at: whole() })),
});

export const databaseId: Shape<string> = (row, place) => fields({ id: text })(row, place).id;

export const auditCursor: Shape<number> = (row, place) => fields({ at: date })(row, place).at;

const preview = fields({ fields: list(text), timeoutMs: finite });

/** What it registered is read apart: one of which that cannot be read still lives. */
export const instance: Shape<Omit<Instance, "tools" | "seal" | "about">> = (row, place) => {
  const { _id: incarnation, ...same } = instanceRow(row, place);
  return { incarnation, ...same };
};

const instanceRow = fields(
  {
    _id: text,
    kind: oneOf("orchestrator", "worker"),
    ...{ name: text, namespace: text, counter: whole(), inHand: list(text) },
    seenAt: date,
  },
  { keys: fields({ signing: text, trusted: list(text) }) },
);

/** What a worker registered: believed together, and so read together. */
export const registration: Shape<Pick<Instance, "tools" | "seal" | "about">> = (row, place) =>
  registrationRow(row, place);

const yes = oneOf(true);

const registrationRow = fields(
  {
    tools: list(
      fields({ queue: text, tool: text }, { approval: yes, once: yes, probe: yes, enforcesKey: yes, preview }),
    ),
  },
  {
    seal: fields(
      { at: finite, keyId: text, signature: text },
      { permit: fields({ at: finite, until: finite, keyId: text }) },
    ),
    about: fields({ language: text, sdkVersion: text, registeredAt: finite }),
  },
);

const permitRow = fields({
  _id: text,
  ...{ workers: list(text), tools: list(fields({ namespace: text, queue: text, name: text })) },
  ...{ at: finite, until: finite, keyId: text, signature: text },
});

export const shownPermit: Shape<ShownPermit> = (row, place) => {
  const { _id: workerId, ...same } = permitRow(row, place);
  return { workerId, ...same };
};

/** Documents of earlier versions say nothing of what a tool brings, and null where it has no preview. */
export const toolRegistration: Shape<ToolRegistration> = (row, place) => {
  const { preview: terms, ...said } = toolRow(row, place);
  return { probe: false, enforcesKey: false, ...said, ...(terms === undefined ? {} : { preview: terms }) };
};

const toolRow = fields(
  { namespace: text, queue: text, tool: text, inputSchema: text, approval: flag, once: flag },
  { probe: flag, enforcesKey: flag, preview: orNull(preview) },
);

/** What is gone by where a registration cannot be read: whatever its owner demanded, it is not less. */
export function strictestRegistration(tool: Pick<ToolRegistration, "namespace" | "queue" | "tool">): ToolRegistration {
  return { ...tool, inputSchema: "{}", approval: true, once: true, probe: false, enforcesKey: false };
}

function orNull<T>(shape: Shape<T>): Shape<T | undefined> {
  return (value, place) => (value === null ? undefined : shape(value, place));
}

function perhaps<T>(shape: Shape<T>): Shape<T | undefined> {
  return orElse<T | undefined>(shape, undefined);
}

function revokedOf(revokedAt?: number, revokedBy = ""): Pick<StandingGrant, "revoked"> {
  return revokedAt === undefined ? {} : { revoked: { at: revokedAt, by: revokedBy } };
}
