// Reads runs: one by id, several, those that are due, and lists.
import { AgentspanError, Limits } from "@agentspan/internal";
import type { Document } from "mongodb";
import { isAsked, tokensOf } from "../assignees.js";
import { collectPage } from "../collect-page.js";
import type { RunEvent } from "../core/events.js";
import { type Run, SCHEMA } from "../core/run.js";
import { decodePageToken, encodePageToken, type Listing } from "../page-token.js";
import type { ChangedQuery, ChunkRef, DueRun, OpenQuery, Page, RunQuery, RunStates, StoredRun } from "../ports.js";
import { labelPairs } from "../run-index.js";
import { CHUNKS, RUNS } from "../run-record.js";
import type { Database } from "./database.js";
import { type DatedList, datedRows, positionOf } from "./dated-rows.js";
import { RowReader } from "./row-reader.js";
import { chunkEvents, dueRun, openCheckpoints, runState, storedRun } from "./rows.js";
import type { RunDocument } from "./run-document.js";
import { isRemoved } from "./run-removals.js";
import { storedDate } from "./stored-date.js";

interface ChunkDocument {
  readonly _id: string;
  readonly events: readonly string[];
}

/** Documents a batch of a list; a page is cut by its bytes, so it seldom needs more. */
const LIST_BATCH = 50;
/** The same where only what is open is read of each. */
const COUNT_BATCH = 1_000;

export class RunReads {
  readonly #database: Database;
  readonly #rows: RowReader;

  constructor(database: Database, rows = new RowReader()) {
    this.#database = database;
    this.#rows = rows;
  }

  async load(runId: string, level: "majority" | "linearizable"): Promise<StoredRun | undefined> {
    const [document] = await this.#database.lookUp<RunDocument>(RUNS, { filter: { _id: runId }, limit: 1, level });
    return document === undefined || isRemoved(document) ? undefined : this.#rows.read(RUNS, document, storedRun);
  }

  async states(runIds: readonly string[]): Promise<RunStates> {
    if (runIds.length === 0) return { states: [], unreadable: [] };
    const states: { readonly run: Run; readonly version: number }[] = [];
    const unreadable: string[] = [];
    const documents = await this.#database.all<RunDocument>(
      RUNS,
      { _id: { $in: [...runIds] } },
      { projection: { v: 1, schema: 1, run: 1, removedAt: 1 } },
    );
    for (const row of documents) {
      if (isRemoved(row)) continue;
      const state = row.schema > SCHEMA ? undefined : this.#rows.readOrLeaveOut(RUNS, row, runState);
      if (state === undefined) unreadable.push(row._id);
      else states.push(state);
    }
    return { states, unreadable };
  }

  async due(by: number, limit: number, from?: number): Promise<readonly DueRun[]> {
    const rows = this.#database.scan<RunDocument>(
      RUNS,
      {
        wakeAt: { $lte: storedDate(by), ...(from === undefined ? {} : { $gte: storedDate(from) }) },
        schema: { $lte: SCHEMA },
      },
      { sort: { wakeAt: 1 }, batchSize: limit, projection: { _id: 1, wakeAt: 1 } },
    );
    return this.#rows.first(limit, RUNS, rows, dueRun);
  }

  /** The newest first. */
  async list(query: RunQuery): Promise<Page<StoredRun>> {
    const filter = {
      ...commonFilter(query),
      ...(query.parentRunId === undefined ? {} : { parentRunId: query.parentRunId }),
      ...(query.states.length === 0 ? {} : { state: { $in: [...query.states] } }),
    };
    return this.#page("runs", query, { filter, field: "startedAt", newestFirst: true });
  }

  async listOpen(query: OpenQuery): Promise<Page<StoredRun>> {
    // A range, not $exists: the index then passes over the many runs where nothing is open.
    return this.#page("open", query, { filter: openFilter(query), field: "openSince", newestFirst: false, from: 0 });
  }

  async countOpen(query: Omit<OpenQuery, "limit" | "pageToken">, most: number): Promise<number> {
    const filter = { ...openFilter(query), openSince: { $gte: storedDate(0) } };
    const options = { projection: { open: 1 }, batchSize: COUNT_BATCH, limit: most };
    let count = 0;
    for await (const row of this.#database.scan<RunDocument>(RUNS, filter, options)) {
      const open = this.#rows.readOrLeaveOut(RUNS, row, openCheckpoints) ?? [];
      count += open.filter((one) => isAsked(one, query)).length;
      if (count >= most) return most;
    }
    return count;
  }

  async listChanged(query: ChangedQuery): Promise<Page<StoredRun>> {
    const list = { field: "checkpointAt", newestFirst: false, from: query.since };
    return this.#page("changed", query, { filter: commonFilter(query), ...list });
  }

  async readChunk(chunk: ChunkRef): Promise<readonly RunEvent[]> {
    const [document] = await this.#database.lookUp<ChunkDocument>(CHUNKS, { filter: { _id: chunk.id }, limit: 1 });
    if (document === undefined) {
      throw new AgentspanError(
        "INTERNAL",
        `The events ${chunk.from} to ${chunk.to} of a run are missing (chunk ${chunk.id}).`,
      );
    }
    return this.#rows.read(CHUNKS, document, chunkEvents);
  }

  async putChunk(runId: string, { id, from, to }: ChunkRef, texts: readonly string[]): Promise<void> {
    await this.#database.upsert(CHUNKS, [{ q: { _id: id }, u: { $setOnInsert: { runId, from, to, events: texts } } }]);
  }

  #page(
    listing: Listing,
    { limit, pageToken }: { readonly limit: number; readonly pageToken?: string },
    list: Omit<DatedList, "after" | "batchSize">,
  ): Promise<Page<StoredRun>> {
    const after = decodePageToken(listing, pageToken);
    const batchSize = Math.min(limit + 1, LIST_BATCH);
    const rows = datedRows<RunDocument>(this.#database, RUNS, { ...list, after, batchSize });
    return collectPage(rows, {
      limit,
      maxBytes: Limits.pageBytes,
      itemOf: (row) => this.#rows.readOrLeaveOut(RUNS, row, storedRun),
      bytesOf: ({ inlineBytes }, { run }) => run.length + inlineBytes,
      tokenAfter: (row) => encodePageToken(listing, positionOf(row, list.field)),
    });
  }
}

/** What both lists filter by. What a newer version wrote is left out: it would not be understood. */
function commonFilter({ namespace, agentName, labels }: Pick<RunQuery, "namespace" | "agentName" | "labels">) {
  const pairs = labelPairs(labels);
  return {
    namespace,
    schema: { $lte: SCHEMA },
    ...(agentName === undefined ? {} : { agentName }),
    ...(pairs.length === 0 ? {} : { labels: { $all: [...pairs] } }),
  };
}

function openFilter(query: Omit<OpenQuery, "limit" | "pageToken">): Document {
  const { kinds, tool, runId, assignee } = query;
  const checkpoint = {
    ...(kinds.length === 0 ? {} : { kind: { $in: [...kinds] } }),
    ...(tool === undefined ? {} : { tool }),
    // Null finds those without it, which anybody may decide.
    ...(assignee === undefined ? {} : { for: { $in: [null, ...tokensOf(assignee)] } }),
  };
  return {
    ...commonFilter(query),
    ...(Object.keys(checkpoint).length === 0 ? {} : { open: { $elemMatch: checkpoint } }),
    ...(runId === undefined ? {} : { $and: [{ _id: runId }] }),
  };
}
