// Keeps the newest permit of each worker.
import type { Document } from "mongodb";
import type { PermitStore, ShownPermit } from "../ports.js";
import type { Database } from "./database.js";
import { RowReader } from "./row-reader.js";
import { shownPermit } from "./rows.js";
import { storedDate } from "./stored-date.js";

export const PERMITS = "permits";

interface PermitDocument extends Document {
  readonly seenAt: Date;
}

export class PermitDocuments implements PermitStore {
  readonly #database: Database;
  readonly #rows: RowReader;

  constructor(database: Database, rows = new RowReader()) {
    this.#database = database;
    this.#rows = rows;
  }

  /** Guarded by the time that it was made: where that is not later it tries to insert, and is refused as a duplicate. */
  async putPermit({ workerId, ...permit }: ShownPermit): Promise<void> {
    const statement = {
      q: { _id: workerId, at: { $lt: permit.at } },
      u: { $set: permit, $currentDate: { seenAt: true } },
    };
    await this.#database.upsert(PERMITS, [statement]);
  }

  async listPermits(since: number): Promise<readonly ShownPermit[]> {
    const found = await this.#database.all<PermitDocument>(PERMITS, { seenAt: { $gte: storedDate(since) } });
    return found.flatMap((row) => this.#rows.readOrLeaveOut(PERMITS, row, shownPermit) ?? []);
  }
}
