// Keeps the newest permit of each worker.
import type { PermitStore, ShownPermit } from "../ports.js";
import type { Database } from "./database.js";
import { storedDate } from "./stored-date.js";

export const PERMITS = "permits";

type PermitDocument = Omit<ShownPermit, "workerId"> & { readonly _id: string; readonly seenAt: Date };

export class PermitDocuments implements PermitStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
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
    return found.map(({ _id, seenAt: _seenAt, ...permit }) => ({ workerId: _id, ...permit }));
  }
}
