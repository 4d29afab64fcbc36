// Puts what is to be said into a chain: each entry with the hash of the one before it, hashed and signed.
import {
  type AuditChain,
  type AuditEntry,
  type AuditKind,
  type AuditSignature,
  auditEntryId,
  auditEntryText,
  type SigningKey,
  sealed,
} from "@agentspan/internal";
import type { AuditRecord } from "../ports.js";
import type { AuditFact } from "./audit-facts.js";

export interface ChainOf {
  readonly run: string;
  readonly namespace: string;
  readonly chain: AuditChain;
}

export interface Sealing {
  readonly key: SigningKey | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** What is to be stored of one fact after the entry of that hash. */
export function recordOf(
  { run, namespace, chain }: ChainOf,
  { sequence, at, kind, people, tool, says }: AuditFact,
  previous: string,
  { key, now }: Sealing,
): AuditRecord {
  const entry = defined({ ...says, chain, run, namespace, sequence, at, kind, previous });
  const { hash, signature } = sealed(entry, key, now);
  return {
    id: auditEntryId(entry),
    namespace,
    run,
    chain,
    sequence,
    at,
    kind: kind satisfies AuditKind,
    people,
    tool,
    text: auditEntryText(entry),
    hash,
    ...signed(signature),
  };
}

function signed(signature: AuditSignature | undefined): Pick<AuditRecord, "signature"> {
  return signature === undefined ? {} : { signature };
}

/** As JSON has it: what is undefined is not there. */
function defined(entry: AuditEntry): AuditEntry {
  return JSON.parse(JSON.stringify(entry)) as AuditEntry;
}
