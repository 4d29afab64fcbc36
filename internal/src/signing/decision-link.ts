// Links by which one person decides one approval: what an orchestrator signs of one, and the text that stands in its URL.
//
// The key is the orchestrator's, and the purpose is the link's own, so that a link stands for no other signed statement
// and none of those for a link. A token has one spelling: one that reads the same and is written otherwise is none.
import canonicalize from "canonicalize";
import type { SigningKey } from "./signing-key.js";
import { signedText } from "./statements.js";
import type { TrustedKeys } from "./trusted-keys.js";

/** Who may decide what by a link, and until when. */
export interface DecisionLinkStatement {
  /** Its id, which is also that of the one decision that is made by it. */
  readonly link: string;
  readonly namespace: string;
  readonly run: string;
  readonly approval: string;
  readonly agent: string;
  readonly tool: string;
  /** Of the arguments that it is about. */
  readonly digest: string;
  /** The fingerprint of the preview that was in sight when it was made; absent, and no empty text, where none was. */
  readonly preview?: string;
  readonly person: string;
  /** When it was made, and from when on it decides nothing; milliseconds since the epoch. */
  readonly at: number;
  readonly until: number;
}

/** Longer texts are none of ours: names have 256 bytes at most. */
const MOST_CHARS = 4_096;
const TEXTS = ["link", "namespace", "run", "approval", "agent", "tool", "digest", "person"] as const;
const TIMES = ["at", "until"] as const;
const LINK_ID = /^lnk_/;

/** Whether an id is of a link, and so no id that whoever decides otherwise may choose. */
export function isDecisionLinkId(id: string): boolean {
  return LINK_ID.test(id);
}

/** Where the gateway has the page of a link, behind its own address. */
export const DECISION_LINK_PATH = "/decide/";

export function decisionLinkText(statement: DecisionLinkStatement): string {
  return signedText("agentspan.decision-link.v1", statement);
}

/** The text of a link as it stands in a URL: letters, digits, "-", "_" and two dots. */
export function decisionLinkToken(statement: DecisionLinkStatement, key: SigningKey): string {
  const signature = Buffer.from(key.sign(decisionLinkText(statement))).toString("base64url");
  return `${encoded(statement)}.${key.id}.${signature}`;
}

/**
 * What a token says, where an orchestrator signed it that is believed: `trusted` says whose keys, `now` is not asked, so
 * that a link that is over can be told from one that is none. Undefined where it is no link.
 */
export function readDecisionLink(token: string, trusted: TrustedKeys): DecisionLinkStatement | undefined {
  if (token.length > MOST_CHARS) return undefined;
  const [said = "", keyId = "", signed = "", ...rest] = token.split(".");
  const statement = decoded(said);
  const signature = Buffer.from(signed, "base64url");
  if (statement === undefined || rest.length > 0 || signature.toString("base64url") !== signed) return undefined;
  const problem = trusted.problem("orchestrators", {
    ...{ text: decisionLinkText(statement), keyId, signature },
    at: statement.at,
  });
  return problem === undefined ? statement : undefined;
}

function encoded(statement: DecisionLinkStatement): string {
  return Buffer.from(canonicalize(statement) ?? "", "utf8").toString("base64url");
}

function decoded(said: string): DecisionLinkStatement | undefined {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(said, "base64url").toString("utf8"));
  } catch {
    return undefined; // That it is none is the answer; the parser's words would quote it.
  }
  // A member that nobody reads, or a text in another form, is another text than this.
  return isStatement(value) && encoded(value) === said ? value : undefined;
}

function isStatement(value: unknown): value is DecisionLinkStatement {
  if (typeof value !== "object" || value === null) return false;
  const members = value as Readonly<Record<string, unknown>>;
  const known = [...TEXTS, ...TIMES, ...("preview" in value ? ["preview"] : [])];
  return (
    Object.keys(value).length === known.length &&
    [...TEXTS, ...("preview" in value ? ["preview"] : [])].every((name) => typeof members[name] === "string") &&
    TIMES.every((name) => Number.isSafeInteger(members[name])) &&
    isDecisionLinkId(String(members.link))
  );
}
