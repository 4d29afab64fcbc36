// Takes runs away that retention is done with. What stays of each is its id: a run that began anew under it would have the
// sequences of the old one, and the audit and the deliveries have those already.
//
// 1. One guarded update puts a tombstone in the place of the document: from then on there is no such run.
// 2. Then its chunks go, also those that no document ever listed. Whoever dies in between leaves a mark that is found.
import type { AgedRun, ChangedRun } from "../ports.js";
import { CHUNKS, RUNS } from "../run-record.js";
import type { Database } from "./database.js";
import type { RowReader } from "./row-reader.js";
import { agedRun } from "./rows.js";
import type { RunDocument } from "./run-document.js";
import { storedDate } from "./stored-date.js";

/** In the place of a run that was removed. */
interface Tombstone {
  readonly _id: string;
  readonly v: number;
  readonly removedAt: Date;
  /** Until its chunks are gone. */
  readonly clearing?: true;
}

export function isRemoved(document: object): boolean {
  return "removedAt" in document && !("run" in document);
}

export class RunRemovals {
  readonly #database: Database;
  readonly #rows: RowReader;

  constructor(database: Database, rows: RowReader) {
    this.#database = database;
    this.#rows = rows;
  }

  async listAged(from: number, before: number, limit: number): Promise<readonly AgedRun[]> {
    const rows = this.#database.scan<RunDocument>(
      RUNS,
      { tellAt: { $gte: storedDate(from), $lt: storedDate(before) } },
      {
        sort: { tellAt: 1 },
        batchSize: limit,
        projection: { v: 1, tellAt: 1, state: 1, updatedAt: 1, openSince: 1, wakeAt: 1 },
      },
    );
    return this.#rows.first(limit, RUNS, rows, agedRun(before));
  }

  async removeRuns(runs: readonly Pick<ChangedRun, "runId" | "version">[]): Promise<number> {
    if (runs.length === 0) return 0;
    const removedAt = storedDate(await this.#database.serverTime());
    return this.#database.change(
      RUNS,
      runs.map(({ runId, version }) => ({
        q: { _id: runId, v: version },
        u: { v: version + 1, removedAt, clearing: true } satisfies Omit<Tombstone, "_id">,
      })),
    );
  }

  async clearRemoved(limit: number): Promise<number> {
    const found = await this.#database.lookUp<Tombstone>(RUNS, {
      filter: { clearing: true },
      limit,
      projection: { _id: 1 },
    });
    if (found.length === 0) return 0;
    await this.#database.remove(CHUNKS, {
      $or: found.map(({ _id }) => ({ _id: { $gte: `${_id}/`, $lt: `${_id}0` } })),
    });
    await this.#database.change(
      RUNS,
      found.map(({ _id }) => ({ q: { _id, clearing: true }, u: { $unset: { clearing: "" } } })),
    );
    return found.length;
  }
}
