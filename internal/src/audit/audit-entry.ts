// What an entry of the audit is, and how the entries of a run hang together.
//
// 1. Each entry holds the hash of the one before it, so that none can be changed, taken out or put in between without
//    every later one being another.
// 2. Each is signed when it is appended, being the head of its chain then: whoever computes a chain anew has no
//    signature for it.
// 3. An entry of a run is made of stored facts alone, and the same facts always give the same entry: two that append it
//    append the same. So a field of a kind may be added together with a new field of its fact, and never changes its meaning.
import canonicalize from "canonicalize";
import { digestOf } from "../canonical-json.js";
import type { SigningKey } from "../signing/signing-key.js";
import { auditText } from "../signing/statements.js";

/**
 * What happened to a run, from its events; or what was refused of what people asked of it; or what became of a standing
 * grant, or that a decision link was made, whose id then stands for the run's.
 */
export const AUDIT_CHAINS = ["run", "refused", "grant", "link"] as const;
export type AuditChain = (typeof AUDIT_CHAINS)[number];

export const AUDIT_KINDS = [
  "requested",
  "voted",
  "decided",
  "escalated",
  "closed",
  "previewed",
  "granted",
  "released",
  "settled",
  "ended",
  "refused",
  "refusals_counted",
  "grant_made",
  "grant_used",
  "grant_revoked",
  "link_made",
] as const;
export type AuditKind = (typeof AUDIT_KINDS)[number];

/** One entry, without its hash. What else it says depends on its kind. */
export interface AuditEntry {
  readonly chain: AuditChain;
  readonly run: string;
  readonly namespace: string;
  /** Of the event; in other chains than a run's counted from 1. */
  readonly sequence: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly kind: AuditKind;
  /** The hash of the entry before it; empty in the first. */
  readonly previous: string;
  readonly [field: string]: unknown;
}

export interface AuditSignature {
  readonly keyId: string;
  /** In base64url. */
  readonly signature: string;
  /** When it was signed, milliseconds since the epoch. */
  readonly at: number;
}

export interface SealedEntry {
  readonly entry: AuditEntry;
  /** Of the entry's RFC 8785 text. */
  readonly hash: string;
  /** Absent where the orchestrator has no key. */
  readonly signature?: AuditSignature;
}

/** The name of an entry, for people and as the id it is stored by. Those of one chain sort by it. */
export function auditEntryId({ run, chain, sequence }: Pick<AuditEntry, "run" | "chain" | "sequence">): string {
  const number = String(sequence).padStart(9, "0");
  return chain === "run" ? `${run}/${number}` : `${run}/${chain}/${number}`;
}

export function auditEntryText(entry: AuditEntry): string {
  const text = canonicalize(entry);
  if (text === undefined) throw new TypeError(`An entry of ${entry.run} has no JSON form.`);
  return text;
}

/** Hashes an entry and, where there is a key, signs it. `at` is milliseconds since the epoch. */
export function sealed(entry: AuditEntry, key: SigningKey | undefined, at: number): SealedEntry {
  const hash = digestOf(auditEntryText(entry));
  if (key === undefined) return { entry, hash };
  const { run, chain, sequence } = entry;
  const signature = Buffer.from(key.sign(auditText({ run, chain, sequence, hash, at }))).toString("base64url");
  return { entry, hash, signature: { keyId: key.id, signature, at } };
}

/** An entry as one line of an export. */
export function auditLine({ entry, hash, signature }: SealedEntry): string {
  return JSON.stringify({ ...entry, hash, ...(signature === undefined ? {} : { signature }) });
}
