// A receipt: what was approved, by whom, what a worker was allowed to run for it, and what became of it, each with the
// signature of the orchestrator that stored it. A file of it has one form, so that not a byte of it can be another.
import {
  type DecisionStatement,
  type GrantStatement,
  type OutcomeStatement,
  signedText,
} from "../signing/statements.js";

export const RECEIPT_FORM = "agentspan.receipt.v1";

export interface Receipt {
  /** RFC 8785 text: what ran. */
  readonly arguments: string;
  /** Votes before the one that decided, where several were required. */
  readonly votes: readonly Signed<DecisionStatement>[];
  readonly decision: Signed<DecisionStatement>;
  readonly grant: Signed<GrantStatement>;
  readonly outcome: Signed<OutcomeStatement>;
}

export interface Signed<S> {
  readonly keyId: string;
  /** In base64url. */
  readonly signature: string;
  readonly statement: S;
}

export const PURPOSES = {
  decision: "agentspan.decision.v1",
  grant: "agentspan.grant.v1",
  outcome: "agentspan.outcome.v1",
} as const;

export type PartName = keyof typeof PURPOSES;

/** The members of each statement and their types, so that a receipt has none that nobody checks. */
const MEMBERS = {
  decision: {
    ...{ run: "string", call: "string", approval: "string", decision: "string", digest: "string" },
    ...{ editedDigest: "string", outcome: "string", closes: "boolean", who: "string", onBehalfOf: "string" },
    ...{ method: "string", credentialId: "string", address: "string", comment: "string", at: "number" },
  },
  grant: {
    ...{ run: "string", call: "string", attempt: "number", nonceDigest: "string", worker: "string", tool: "string" },
    ...{ digest: "string", guarded: "boolean", idempotencyKey: "string", approval: "string", decision: "string" },
    ...{ grantedAt: "number", expiresAt: "number" },
  },
  outcome: {
    ...{ run: "string", call: "string", attempt: "number", tool: "string", outcome: "string", digest: "string" },
    at: "number",
  },
} as const satisfies {
  readonly decision: Readonly<Record<Exclude<keyof DecisionStatement, "ground" | "preview" | "group">, string>>;
  readonly grant: Readonly<Record<Exclude<keyof GrantStatement, "preview">, string>>;
  readonly outcome: Readonly<Record<keyof OutcomeStatement, string>>;
};

/** Those that are there only where there was something to say. */
const OPTIONAL = {
  decision: { preview: "string", group: "string" },
  grant: { preview: "string" },
  outcome: {},
} as const satisfies Readonly<Record<PartName, Readonly<Record<string, string>>>>;

/** The text of a receipt's file. */
export function receiptText({ arguments: args, votes, decision, grant, outcome }: Receipt): string {
  const parts = {
    receipt: RECEIPT_FORM,
    arguments: args,
    votes: votes.map((vote) => ordered("decision", vote)),
    decision: ordered("decision", decision),
    grant: ordered("grant", grant),
    outcome: ordered("outcome", outcome),
  };
  return `${JSON.stringify(parts, undefined, 2)}\n`;
}

/** Reads a file's text; undefined where it is no receipt, or not in the one form of one. */
export function readReceipt(text: string): Receipt | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined; // That it is none is the answer.
  }
  if (!isReceipt(value)) return undefined;
  return receiptText(value) === text ? value : undefined;
}

/** The text that was signed. */
export function textOf(part: PartName, { statement }: Signed<object>): string {
  return signedText(PURPOSES[part], statement);
}

/** Members in the order of what was signed, and the signature as its bytes are written. */
function ordered<S extends object>(part: PartName, { keyId, signature, statement }: Signed<S>): Signed<unknown> {
  const bytes = Buffer.from(signature, "base64url");
  const { statement: sorted } = JSON.parse(textOf(part, { keyId, signature, statement })) as { statement: unknown };
  return { keyId, signature: bytes.toString("base64url"), statement: sorted };
}

function isReceipt(value: unknown): value is Receipt {
  if (!isObject(value) || value.receipt !== RECEIPT_FORM || typeof value.arguments !== "string") return false;
  const { votes, decision, grant, outcome } = value;
  if (!Array.isArray(votes) || !votes.every((vote) => isSigned("decision", vote))) return false;
  return isSigned("decision", decision) && isSigned("grant", grant) && isSigned("outcome", outcome);
}

function isSigned(part: PartName, value: unknown): boolean {
  if (!isObject(value) || typeof value.keyId !== "string" || typeof value.signature !== "string") return false;
  return isStatement(part, value.statement);
}

/** Whether it has the members of its kind and no others. */
export function isStatement(part: PartName, value: unknown): boolean {
  if (!isObject(value)) return false;
  const { ground, ...others } = value;
  if (part === "decision" && ground !== undefined && isGround(ground)) return isStatement(part, others);
  const optional = Object.entries(OPTIONAL[part]).filter(([name]) => Object.hasOwn(value, name));
  const members = [...Object.entries(MEMBERS[part]), ...optional];
  if (Object.keys(value).length !== members.length) return false;
  return members.every(([name, type]) => {
    const member = value[name];
    return typeof member === type && (type !== "number" || Number.isSafeInteger(member));
  });
}

/** The use of a standing grant, in a decision that one made. */
function isGround(value: unknown): boolean {
  if (!isObject(value) || Object.keys(value).length !== 3) return false;
  const { grantId, version, use } = value;
  return typeof grantId === "string" && typeof version === "string" && Number.isSafeInteger(use);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
