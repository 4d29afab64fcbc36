// Where the audit is kept.

import type { AuditChain, AuditKind, AuditSignature } from "@agentspan/internal";
import type { ChangedRun, Page } from "./runs.js";

/** An entry of the audit as it is stored: its text, and what it is found by. */
export interface AuditRecord {
  /** As auditEntryId has it. */
  readonly id: string;
  readonly namespace: string;
  readonly run: string;
  readonly chain: AuditChain;
  readonly sequence: number;
  /** Milliseconds since the epoch; within a chain never less than that of the entry before. */
  readonly at: number;
  readonly kind: AuditKind;
  /** Whoever it is about, and for whom they spoke. */
  readonly people: readonly string[];
  /** Empty where it is about no tool. */
  readonly tool: string;
  /** The RFC 8785 text of the entry. */
  readonly text: string;
  /** Of that text. */
  readonly hash: string;
  readonly signature?: AuditSignature;
}

/** An entry as far as its row can be read. */
export type FoundAudit = Pick<AuditRecord, "id" | "namespace" | "sequence"> & {
  readonly [Field in Exclude<keyof AuditRecord, "id" | "namespace" | "sequence">]?: AuditRecord[Field] | undefined;
};

export interface AuditQuery {
  readonly namespace: string;
  readonly run?: string;
  /** Of this person, by themselves or by a delegate. */
  readonly who?: string;
  readonly kinds: readonly AuditKind[];
  readonly tool?: string;
  /** From then on, and before then. Milliseconds since the epoch. */
  readonly from?: number;
  readonly to?: number;
  readonly limit: number;
  /** Opaque, from the page before. A broken one rejects with INVALID_REQUEST. */
  readonly pageToken?: string;
}

/** Keeps the audit. What is in it stays as it is: nothing changes or deletes an entry. */
export interface AuditStore {
  /** Runs that had a checkpoint and changed since a time, that time included; the longest ago first. Of all namespaces. */
  listAuditable(since: number, limit: number): Promise<readonly ChangedRun[]>;
  /** Sequence and hash of the entries of a chain, oldest first; the hash is empty where it cannot be read. */
  readAuditChain(run: string, chain: AuditChain): Promise<readonly AuditLink[]>;
  /** The newest entry of a chain; undefined where it has none. */
  newestAudit(run: string, chain: AuditChain): Promise<FoundAudit | undefined>;
  /** Writes each whose id is not taken, in any order. Resolves to the ids that are. */
  putAudit(records: readonly AuditRecord[]): Promise<ReadonlySet<string>>;
  /** Writes in order until one's id is taken. Resolves to how many were written. */
  appendAudit(records: readonly AuditRecord[]): Promise<number>;
  /** The oldest first; last those whose rows have no time. What cannot be read of a row is missing in it. */
  listAudit(query: AuditQuery): Promise<Page<FoundAudit>>;
  /** Up to when everything of a share is in the audit; undefined where nobody has begun, or nobody can tell. */
  readAuditCursor(share: number): Promise<number | undefined>;
  /** Moves it forward; an earlier time changes nothing. */
  moveAuditCursor(share: number, at: number): Promise<void>;
}

export type AuditLink = Pick<AuditRecord, "sequence" | "hash">;
