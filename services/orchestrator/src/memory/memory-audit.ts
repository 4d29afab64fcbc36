// The audit in memory, as AuditDocuments keeps it.
import { type AuditChain, Limits } from "@agentspan/internal";
import { collectPage } from "../collect-page.js";
import { decodePageToken, encodePageToken } from "../page-token.js";
import type { AuditQuery, AuditRecord, ChangedRun, Page } from "../ports.js";
import type { MemoryRun } from "./memory-database.js";
import { compareIds } from "./memory-lists.js";

export interface MemoryAudit {
  readonly entries: Map<string, AuditRecord>;
  /** By share. */
  readonly cursors: Map<number, number>;
}

export function emptyAudit(): MemoryAudit {
  return { entries: new Map(), cursors: new Map() };
}

export function listAuditable(runs: Iterable<MemoryRun>, since: number, limit: number): readonly ChangedRun[] {
  return [...runs]
    .flatMap(({ runId, version, index: { auditAt } }) =>
      auditAt === undefined || auditAt < since ? [] : [{ runId, version, at: auditAt }],
    )
    .sort((one, other) => one.at - other.at)
    .slice(0, limit);
}

export function chainOf({ entries }: MemoryAudit, run: string, chain: AuditChain): readonly AuditRecord[] {
  return [...entries.values()]
    .filter((entry) => entry.run === run && entry.chain === chain)
    .sort((one, other) => one.sequence - other.sequence)
    .map((entry) => structuredClone(entry));
}

export function putAudit({ entries }: MemoryAudit, records: readonly AuditRecord[]): ReadonlySet<string> {
  const taken = new Set<string>();
  for (const record of records) {
    if (entries.has(record.id)) taken.add(record.id);
    else entries.set(record.id, structuredClone(record));
  }
  return taken;
}

export function appendAudit({ entries }: MemoryAudit, records: readonly AuditRecord[]): number {
  for (const [written, record] of records.entries()) {
    if (entries.has(record.id)) return written;
    entries.set(record.id, structuredClone(record));
  }
  return records.length;
}

/** The oldest first. */
export function listAudit({ entries }: MemoryAudit, query: AuditQuery): Promise<Page<AuditRecord>> {
  const after = decodePageToken("audit", query.pageToken);
  const rows = [...entries.values()]
    .filter((entry) => isAsked(entry, query))
    .sort((one, other) => one.at - other.at || compareIds(one.id, other.id))
    .filter(({ at, id }) => after === undefined || at > after.at || (at === after.at && id > after.id));
  return collectPage(rows, {
    limit: query.limit,
    maxBytes: Limits.pageBytes,
    bytesOf: ({ text }) => Buffer.byteLength(text),
    itemOf: (entry) => structuredClone(entry),
    tokenAfter: ({ at, id }) => encodePageToken("audit", { at, id }),
  });
}

function isAsked(entry: AuditRecord, { namespace, run, who, kinds, tool, from, to }: AuditQuery): boolean {
  return (
    entry.namespace === namespace &&
    (run === undefined || entry.run === run) &&
    (who === undefined || entry.people.includes(who)) &&
    (kinds.length === 0 || kinds.includes(entry.kind)) &&
    (tool === undefined || entry.tool === tool) &&
    (from === undefined || entry.at >= from) &&
    (to === undefined || entry.at < to)
  );
}

export function moveCursor({ cursors }: MemoryAudit, share: number, at: number): void {
  cursors.set(share, Math.max(at, cursors.get(share) ?? at));
}
