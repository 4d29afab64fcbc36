// The lists of runs, in the order and with the filters that the database's indexes give.
import { Limits } from "@agentspan/internal";
import { isAsked } from "../assignees.js";
import { collectPage } from "../collect-page.js";
import { decodePageToken, encodePageToken, type Position } from "../page-token.js";
import type { ChangedQuery, OpenQuery, Page, RunQuery, StoredRun } from "../ports.js";
import { labelPairs } from "../run-index.js";
import { isReadable, storedRunOf } from "../run-record.js";
import { UnreadableRows } from "../unreadable-rows.js";
import type { MemoryDatabase, MemoryRun } from "./memory-database.js";

interface Row {
  readonly record: MemoryRun;
  readonly position: Position;
}

/** The newest first. */
export async function listRuns(database: MemoryDatabase, query: RunQuery): Promise<Page<StoredRun>> {
  const after = decodePageToken("runs", query.pageToken);
  const { states, parentRunId } = query;
  const rows = matching(database, query)
    .filter(({ index }) => states.length === 0 || states.includes(index.state))
    .filter(({ index }) => parentRunId === undefined || index.parentRunId === parentRunId)
    .map((record) => ({ record, position: { at: record.index.startedAt, id: record.runId } }))
    .sort((one, other) => other.position.at - one.position.at || compareIds(one.position.id, other.position.id))
    .filter(({ position: { at, id } }) => after === undefined || at < after.at || (at === after.at && id > after.id));
  return pageOf("runs", query.limit, rows);
}

/** The longest waiting first. */
export async function listOpenRuns(database: MemoryDatabase, query: OpenQuery): Promise<Page<StoredRun>> {
  const after = decodePageToken("open", query.pageToken);
  const rows = matchingOpen(database, query)
    .map((record) => ({ record, position: { at: record.index.openSince ?? 0, id: record.runId } }))
    .sort((one, other) => one.position.at - other.position.at || compareIds(one.position.id, other.position.id))
    .filter(({ position: { at, id } }) => after === undefined || at > after.at || (at === after.at && id > after.id));
  return pageOf("open", query.limit, rows);
}

export function countOpen(
  database: MemoryDatabase,
  query: Omit<OpenQuery, "limit" | "pageToken">,
  most: number,
): number {
  const open = matchingOpen(database, query).flatMap(({ index }) => index.open.filter((one) => isAsked(one, query)));
  return Math.min(most, open.length);
}

function matchingOpen(database: MemoryDatabase, query: Omit<OpenQuery, "limit" | "pageToken">): MemoryRun[] {
  return matching(database, query)
    .filter(({ runId }) => query.runId === undefined || runId === query.runId)
    .filter(({ index }) => index.open.some((one) => isAsked(one, query)));
}

/** Changed the longest ago first. */
export async function listChangedRuns(database: MemoryDatabase, query: ChangedQuery): Promise<Page<StoredRun>> {
  const after = decodePageToken("changed", query.pageToken);
  const rows = matching(database, query)
    .map((record) => ({ record, position: { at: record.index.checkpointAt ?? -1, id: record.runId } }))
    .filter(({ position: { at } }) => at >= query.since)
    .sort((one, other) => one.position.at - other.position.at || compareIds(one.position.id, other.position.id))
    .filter(({ position: { at, id } }) => after === undefined || at > after.at || (at === after.at && id > after.id));
  return pageOf("changed", query.limit, rows);
}

export function compareIds(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

/** What both lists filter by; what a newer version wrote is left out. */
function matching(
  database: MemoryDatabase,
  { namespace, agentName, labels }: Pick<RunQuery, "namespace" | "agentName" | "labels">,
): MemoryRun[] {
  const pairs = labelPairs(labels);
  return [...database.runs.values()].filter(
    ({ index, schema }) =>
      isReadable(schema) &&
      index.namespace === namespace &&
      (agentName === undefined || index.agentName === agentName) &&
      pairs.every((pair) => index.labels.includes(pair)),
  );
}

const unreadable = new UnreadableRows();

function pageOf(listing: "runs" | "open" | "changed", limit: number, rows: readonly Row[]): Promise<Page<StoredRun>> {
  return collectPage(rows, {
    limit,
    maxBytes: Limits.pageBytes,
    bytesOf: (_, { record }) => record.run.length + record.inlineBytes,
    itemOf: ({ record }) => unreadable.readOrLeaveOut(() => storedRunOf(record)),
    tokenAfter: ({ position }) => encodePageToken(listing, position),
  });
}
