// A stored entry stands beside fields that it is found by, which nobody signed. What is told of it is read from the entry,
// and that a field beside it says something else is told too.
import { type AuditEntry, auditEntryId, auditLine, digestOf, noAuditLine, readAuditLine } from "@agentspan/internal";
import type { FoundAudit } from "../ports.js";

/** What an entry is found by, as far as it can be read. */
export type AuditIndex = Omit<FoundAudit, "text" | "hash" | "signature">;

export interface ReadRow {
  /** As the entry has it; as the row has it where the entry does not say so, or cannot be read. */
  readonly index: AuditIndex;
  /** Of an export; no entry where it cannot be read. */
  readonly line: string;
  /** What is wrong with the row, in words; absent where nothing is. */
  readonly problem?: string;
}

export function readRow(record: FoundAudit): ReadRow {
  const { text, hash, signature, ...row } = record;
  const line = lineOf(record);
  const read = line === undefined ? undefined : readAuditLine(line);
  if (text === undefined || line === undefined || read === undefined || !("entry" in read)) {
    return { index: row, line: noAuditLine(row.id, text), problem: "its text is no entry of an audit" };
  }
  const index = indexOf(read.entry, row);
  if (digestOf(text) !== hash) return { index, line, problem: "it was changed: its hash is not that of what it says" };
  const other = (Object.keys(index) as (keyof AuditIndex)[]).filter(
    (field) => JSON.stringify(index[field]) !== JSON.stringify(row[field]),
  );
  if (other.length === 0) return { index, line };
  return { index, line, problem: `it is stored under another ${other.join(", ")} than it has` };
}

function lineOf({ text = "", hash = "", signature }: FoundAudit): string | undefined {
  try {
    const entry = JSON.parse(text) as AuditEntry;
    return auditLine({ entry, hash, ...(signature === undefined ? {} : { signature }) });
  } catch {
    return undefined; // No JSON, which the caller tells.
  }
}

function indexOf(entry: AuditEntry, row: AuditIndex): AuditIndex {
  const { namespace, run, chain, sequence, at, kind } = entry;
  const [people, tool] = [peopleIn(entry) ?? row.people, toolIn(entry) ?? row.tool];
  return { id: auditEntryId(entry), namespace, run, chain, sequence, at, kind, people, tool };
}

/** Undefined where an older entry of the kind does not say. */
function peopleIn({ kind, who, onBehalfOf, startedBy, startedFor, person }: AuditEntry): readonly string[] | undefined {
  switch (kind) {
    case "requested":
      return names(startedBy, startedFor);
    case "voted":
    case "decided":
    case "refused":
    case "grant_made":
    case "grant_revoked":
      return names(who, onBehalfOf);
    case "grant_used":
      return who === undefined ? undefined : names(who, onBehalfOf);
    case "link_made":
      return names(who, person);
    case "ended":
      return names(who);
    case "escalated":
    case "closed":
    case "previewed":
    case "granted":
    case "released":
    case "settled":
    case "refusals_counted":
      return [];
    default:
      return kind satisfies never;
  }
}

function names(...said: readonly unknown[]): readonly string[] {
  return [...new Set(said.filter((name): name is string => typeof name === "string" && name !== ""))];
}

/** As for people. */
function toolIn({ kind, tool }: AuditEntry): string | undefined {
  if (typeof tool === "string") return tool;
  return kind === "grant_revoked" ? undefined : "";
}
