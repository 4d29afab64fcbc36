// Reads runs: one by id, several, those that are due, and lists.
import { AgentspanError, Limits } from "@agentspan/internal";
import type { Filter, FindOptions } from "mongodb";
import { isAsked, tokensOf } from "../assignees.js";
import { collectPage } from "../collect-page.js";
import type { RunEvent } from "../core/events.js";
import { type Run, SCHEMA } from "../core/run.js";
import { decodePageToken, encodePageToken, type Listing, type Position } from "../page-token.js";
import type { ChangedQuery, ChunkRef, DueRun, OpenQuery, Page, RunQuery, StoredRun } from "../ports.js";
import { labelPairs } from "../run-index.js";
import { eventsOf, isReadable, runOf, storedRunOf } from "../run-record.js";
import type { Database } from "./database.js";
import { RUNS, type RunDocument, recordOf } from "./run-document.js";
import { storedDate } from "./stored-date.js";

export const CHUNKS = "chunks";

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

  constructor(database: Database) {
    this.#database = database;
  }

  async load(runId: string, level: "majority" | "linearizable"): Promise<StoredRun | undefined> {
    const [document] = await this.#database.lookUp<RunDocument>(RUNS, { filter: { _id: runId }, limit: 1, level });
    return document === undefined ? undefined : storedRunOf(recordOf(document));
  }

  async states(runIds: readonly string[]): Promise<readonly { readonly run: Run; readonly version: number }[]> {
    if (runIds.length === 0) return [];
    const documents = await this.#database.all<RunDocument>(
      RUNS,
      { _id: { $in: [...runIds] } },
      { projection: { v: 1, schema: 1, run: 1 } },
    );
    return documents
      .filter(({ schema }) => isReadable(schema))
      .map(({ _id, v, schema, run }) => ({ run: runOf({ runId: _id, schema, run }), version: v }));
  }

  async due(by: number, limit: number, from?: number): Promise<readonly DueRun[]> {
    const documents = await this.#database.all<RunDocument & { readonly wakeAt: Date }>(
      RUNS,
      {
        wakeAt: { $lte: storedDate(by), ...(from === undefined ? {} : { $gte: storedDate(from) }) },
        schema: { $lte: SCHEMA },
      },
      { sort: { wakeAt: 1 }, limit, projection: { _id: 1, wakeAt: 1 } },
    );
    return documents.map(({ _id, wakeAt }) => ({ runId: _id, wakeAt: wakeAt.getTime() }));
  }

  /** The newest first. */
  async list(query: RunQuery): Promise<Page<StoredRun>> {
    const after = decodePageToken("runs", query.pageToken);
    const filter: Filter<RunDocument> = {
      ...commonFilter(query),
      ...(query.parentRunId === undefined ? {} : { parentRunId: query.parentRunId }),
      ...(query.states.length === 0 ? {} : { state: { $in: [...query.states] } }),
      ...(after === undefined ? {} : startedBefore(after)),
    };
    return this.#page(
      "runs",
      query.limit,
      filter,
      { sort: { startedAt: -1, _id: 1 } },
      (document) => document.startedAt,
    );
  }

  async listOpen(query: OpenQuery): Promise<Page<StoredRun>> {
    const after = decodePageToken("open", query.pageToken);
    return this.#page(
      "open",
      query.limit,
      openFilter(query, after),
      { sort: { openSince: 1, _id: 1 } },
      (document) => document.openSince,
    );
  }

  async countOpen(query: Omit<OpenQuery, "limit" | "pageToken">, most: number): Promise<number> {
    const options = { projection: { _id: 0, open: 1 }, batchSize: COUNT_BATCH, limit: most };
    let count = 0;
    for await (const { open } of this.#database.scan<RunDocument>(RUNS, openFilter(query, undefined), options)) {
      count += open.filter((one) => isAsked(one, query)).length;
      if (count >= most) return most;
    }
    return count;
  }

  async listChanged(query: ChangedQuery): Promise<Page<StoredRun>> {
    const after = decodePageToken("changed", query.pageToken);
    const filter: Filter<RunDocument> = {
      ...commonFilter(query),
      ...(after === undefined ? { checkpointAt: { $gte: storedDate(query.since) } } : changedAfter(after)),
    };
    const sort = { checkpointAt: 1, _id: 1 } as const;
    return this.#page("changed", query.limit, filter, { sort }, (document) => document.checkpointAt);
  }

  async readChunk(chunk: ChunkRef): Promise<readonly RunEvent[]> {
    const [document] = await this.#database.lookUp<ChunkDocument>(CHUNKS, { filter: { _id: chunk.id }, limit: 1 });
    if (document === undefined) {
      throw new AgentspanError(
        "INTERNAL",
        `The events ${chunk.from} to ${chunk.to} of a run are missing (chunk ${chunk.id}).`,
      );
    }
    return eventsOf(document.events);
  }

  async putChunk(runId: string, { id, from, to }: ChunkRef, texts: readonly string[]): Promise<void> {
    await this.#database.upsert(CHUNKS, [{ q: { _id: id }, u: { $setOnInsert: { runId, from, to, events: texts } } }]);
  }

  #page(
    listing: Listing,
    limit: number,
    filter: Filter<RunDocument>,
    options: FindOptions,
    sortedBy: (document: RunDocument) => Date | undefined,
  ): Promise<Page<StoredRun>> {
    const rows = this.#database.scan<RunDocument>(RUNS, filter, {
      ...options,
      limit: limit + 1,
      batchSize: LIST_BATCH,
    });
    return collectPage(rows, {
      limit,
      maxBytes: Limits.pageBytes,
      bytesOf: (document) => document.run.length + document.inlineBytes,
      itemOf: (document) => storedRunOf(recordOf(document)),
      tokenAfter: (document) => encodePageToken(listing, { at: sortedBy(document)?.getTime() ?? 0, id: document._id }),
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

/** The bound beside the alternatives is what lets the index begin where the page before ended. */
function startedBefore({ at, id }: Position): Filter<RunDocument> {
  const time = storedDate(at);
  return { startedAt: { $lte: time }, $or: [{ startedAt: { $lt: time } }, { startedAt: time, _id: { $gt: id } }] };
}

function changedAfter({ at, id }: Position): Filter<RunDocument> {
  const time = storedDate(at);
  return {
    checkpointAt: { $gte: time },
    $or: [{ checkpointAt: { $gt: time } }, { checkpointAt: time, _id: { $gt: id } }],
  };
}

function openFilter(query: Omit<OpenQuery, "limit" | "pageToken">, after: Position | undefined): Filter<RunDocument> {
  const { kinds, tool, runId, assignee } = query;
  const checkpoint = {
    ...(kinds.length === 0 ? {} : { kind: { $in: [...kinds] } }),
    ...(tool === undefined ? {} : { tool }),
    // Null finds those without it, which anybody may decide.
    ...(assignee === undefined ? {} : { for: { $in: [null, ...tokensOf(assignee)] } }),
  };
  return {
    ...commonFilter(query),
    // A range, not $exists: the index then passes over the many runs where nothing is open.
    ...(after === undefined ? { openSince: { $gte: storedDate(0) } } : openAfter(after)),
    ...(Object.keys(checkpoint).length === 0 ? {} : { open: { $elemMatch: checkpoint } }),
    ...(runId === undefined ? {} : { $and: [{ _id: runId }] }),
  };
}

function openAfter({ at, id }: Position): Filter<RunDocument> {
  const time = storedDate(at);
  return { openSince: { $gte: time }, $or: [{ openSince: { $gt: time } }, { openSince: time, _id: { $gt: id } }] };
}
