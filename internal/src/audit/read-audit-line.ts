// One line of an export, as whoever wrote it says that it is: nothing of it is believed yet.
import { AUDIT_CHAINS, AUDIT_KINDS, type AuditEntry, type AuditSignature, type SealedEntry } from "./audit-entry.js";

/** What an export says of itself in its first line. */
export interface AuditHeader {
  readonly agentspanAudit: 1;
  /** Only the entries of a time were exported, so that chains may begin or end in their middle. */
  readonly from?: string;
  readonly to?: string;
  readonly run?: string;
}

/** What an export has in place of an entry that cannot be read: by which id it was stored, and its text as far as it is one. */
export function noAuditLine(id: string, text?: string): string {
  return JSON.stringify({ unreadable: id, ...(text === undefined ? {} : { text }) });
}

/** The id in such a line; empty where it is none. */
export function unreadableId(line: string): string {
  const value = writtenValue(line);
  return isObject(value) && typeof value.unreadable === "string" ? value.unreadable : "";
}

/** Undefined where it is neither. */
export function readAuditLine(line: string): SealedEntry | AuditHeader | undefined {
  const value = writtenValue(line);
  if (!isObject(value)) return undefined;
  if (value.agentspanAudit === 1) return value as unknown as AuditHeader;
  const { hash, signature, ...entry } = value;
  if (typeof hash !== "string" || !isEntry(entry)) return undefined;
  if (signature === undefined) return { entry, hash };
  return isSignature(signature) ? { entry, hash, signature } : undefined;
}

/** As it was written only: a key that is there twice would be one thing here and another to the next reader. */
function writtenValue(line: string): unknown {
  try {
    const value: unknown = JSON.parse(line);
    return JSON.stringify(value) === line ? value : undefined;
  } catch {
    return undefined; // No JSON, and so no entry.
  }
}

function isEntry(value: Readonly<Record<string, unknown>>): value is AuditEntry {
  const { chain, run, namespace, sequence, at, kind, previous } = value;
  return (
    AUDIT_CHAINS.some((one) => one === chain) &&
    typeof run === "string" &&
    typeof namespace === "string" &&
    Number.isSafeInteger(sequence) &&
    Number.isSafeInteger(at) &&
    AUDIT_KINDS.some((one) => one === kind) &&
    typeof previous === "string"
  );
}

function isSignature(value: unknown): value is AuditSignature {
  if (!isObject(value)) return false;
  const { keyId, signature, at } = value;
  return typeof keyId === "string" && typeof signature === "string" && Number.isSafeInteger(at);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
