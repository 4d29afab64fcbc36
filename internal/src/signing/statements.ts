// What is signed: the RFC 8785 text of {"purpose": …, "statement": {…}}. The purpose comes first and says what the
// statement is, so that a signature of one thing is never one of another. Times are whole milliseconds since the epoch,
// digests as digestOf gives them; what is not there is an empty text.
//
// A statement may get no further member under the same purpose: what an older process signed would not verify any more.
// One that says what could not be said before may, where it is left out of all that is said as before.
import canonicalize from "canonicalize";

/** Who calls what, with which body: signed by a gateway. */
export interface EnvelopeStatement {
  readonly method: string;
  readonly namespace: string;
  readonly caller: CallerStatement;
  /** SHA-256 in hexadecimal. */
  readonly bodySha256: string;
  readonly at: number;
}

export interface CallerStatement {
  readonly subject: string;
  readonly roles: readonly string[];
  readonly groups: readonly string[];
  readonly method: string;
  readonly credentialId: string;
  readonly address: string;
}

/** Who started a run, for whom, and what it is held to: signed by the orchestrator before it is stored. */
export interface StartStatement {
  readonly run: string;
  readonly namespace: string;
  readonly agent: string;
  /** The SHA-256 of the definition. */
  readonly version: string;
  readonly startedBy: string;
  readonly onBehalfOf: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Of the request, its input included. */
  readonly requestHash: string;
  /** The run and the call that started it; empty where a caller did. */
  readonly parent: string;
  readonly parentCall: string;
  readonly at: number;
}

/** What a person said about exactly which arguments: signed by the orchestrator before it is stored. */
export interface DecisionStatement {
  readonly run: string;
  readonly call: string;
  readonly approval: string;
  readonly decision: string;
  /** Of the arguments that were shown. */
  readonly digest: string;
  /** Of those that the person put in their place. */
  readonly editedDigest: string;
  readonly outcome: string;
  /** Whether it closed the checkpoint; else it is one vote of several. */
  readonly closes: boolean;
  readonly who: string;
  readonly onBehalfOf: string;
  /** How it was known who that is, by which credential, and from where it came. */
  readonly method: string;
  readonly credentialId: string;
  readonly address: string;
  readonly comment: string;
  readonly at: number;
  /** The use of a standing grant that decided; where a person did there is no such member. */
  readonly ground?: GroundStatement;
  /** The fingerprint of the preview that was shown; absent, and no empty text, where none was. */
  readonly preview?: string;
  /** The group by which they are one of those who may decide; absent, and no empty text, where it takes none. */
  readonly group?: string;
}

export interface GroundStatement {
  readonly grantId: string;
  /** Of the grant's terms. */
  readonly version: string;
  readonly use: number;
}

/** Which worker may start what: signed by the orchestrator. */
export interface GrantStatement {
  readonly run: string;
  readonly call: string;
  readonly attempt: number;
  /** Of the claim's nonce, which itself is told to nobody else. */
  readonly nonceDigest: string;
  readonly worker: string;
  readonly tool: string;
  readonly digest: string;
  readonly guarded: boolean;
  readonly idempotencyKey: string;
  /** Empty where no person had to decide. */
  readonly approval: string;
  readonly decision: string;
  readonly grantedAt: number;
  readonly expiresAt: number;
  /** The fingerprint that the call was checked against right before; absent, and no empty text, where nothing was. */
  readonly preview?: string;
}

/**
 * What a worker said of a guarded call that has no outcome yet, and that lets it begin, or begin again: signed by the
 * orchestrator before it is stored.
 */
export interface WordStatement {
  readonly run: string;
  readonly call: string;
  /**
   * What its tool brings for the attempt, that it gave it back not begun, that its probe found out about it, or that its
   * preview looked at the call.
   */
  readonly kind: "brought" | "released" | "probed" | "previewed";
  /** The attempt, or the preview's number. */
  readonly number: number;
  /**
   * The digest of the claim's nonce, and what is brought; the digest alone; the verdict, and whether the call runs again; the
   * purpose and the fingerprint.
   */
  readonly said: string;
  readonly at: number;
}

/** What became of a guarded call: signed by the orchestrator before it is stored. */
export interface OutcomeStatement {
  readonly run: string;
  readonly call: string;
  readonly attempt: number;
  readonly tool: string;
  /** result, truncated, error, rejected, responded or cancelled. */
  readonly outcome: string;
  /** Of the result's text, or of the words of the rest. */
  readonly digest: string;
  readonly at: number;
}

/** Which workers may serve which tools, and until when: signed by whoever runs the installation, not by a process of it. */
export interface PermitStatement {
  readonly workers: readonly string[];
  readonly tools: readonly PermittedTool[];
  /** When it was signed. */
  readonly at: number;
  /** From when on it opens nothing. */
  readonly until: number;
}

export interface PermittedTool {
  readonly namespace: string;
  readonly queue: string;
  readonly name: string;
}

/** That an entry of the audit is as it was when it was the newest of its chain: signed by the orchestrator. */
export interface AuditStatement {
  readonly run: string;
  /** "run" or "refused", of the run's chains; or "grant" or "link", where `run` is a standing grant or a decision link. */
  readonly chain: string;
  readonly sequence: number;
  /** Of the entry, which holds the hash of the one before it. */
  readonly hash: string;
  /** When it was signed. */
  readonly at: number;
}

/** How long a grant may be begun, milliseconds. */
export const GRANT_VALID_MS = 30_000;

export function envelopeText(statement: EnvelopeStatement): string {
  return signedText("agentspan.envelope.v1", statement);
}

export function startText(statement: StartStatement): string {
  return signedText("agentspan.start.v1", statement);
}

export function decisionText(statement: DecisionStatement): string {
  return signedText("agentspan.decision.v1", statement);
}

export function grantText(statement: GrantStatement): string {
  return signedText("agentspan.grant.v1", statement);
}

export function wordText(statement: WordStatement): string {
  return signedText("agentspan.word.v1", statement);
}

export function outcomeText(statement: OutcomeStatement): string {
  return signedText("agentspan.outcome.v1", statement);
}

export function permitText(statement: PermitStatement): string {
  return signedText("agentspan.permit.v1", statement);
}

export function auditText(statement: AuditStatement): string {
  return signedText("agentspan.audit.v1", statement);
}

/** The text that is signed for a purpose. Keys of objects are sorted, and "purpose" sorts before "statement". */
export function signedText(purpose: string, statement: object): string {
  const text = canonicalize({ purpose, statement });
  if (text === undefined) throw new TypeError(`A statement of ${purpose} has no JSON form.`);
  return text;
}
