// Keeps the database's own id, in one document.
import { newId } from "@agentspan/internal";
import type { Document } from "mongodb";
import type { IdentityStore } from "../ports.js";
import type { Database } from "./database.js";
import { RowReader } from "./row-reader.js";
import { databaseId } from "./rows.js";
import { storeUnavailable } from "./store-failure.js";

const IDENTITY = "identity";
const OF_DATABASE = { _id: "database" };

export class IdentityDocuments implements IdentityStore {
  readonly #database: Database;
  readonly #rows: RowReader;

  constructor(database: Database, rows = new RowReader()) {
    this.#database = database;
    this.#rows = rows;
  }

  async readDatabaseId(): Promise<string | undefined> {
    const lookup = { filter: OF_DATABASE, limit: 1, level: "linearizable" as const };
    const [row] = await this.#database.lookUp<Document>(IDENTITY, lookup);
    return row && this.#rows.read(IDENTITY, row, databaseId);
  }

  async makeDatabaseId(): Promise<string> {
    await this.#database.upsert(IDENTITY, [{ q: OF_DATABASE, u: { $setOnInsert: { id: newId("db") } } }]);
    const id = await this.readDatabaseId();
    if (id !== undefined) return id;
    throw storeUnavailable(new Error("The id of the database was taken away as soon as it was made"));
  }
}
