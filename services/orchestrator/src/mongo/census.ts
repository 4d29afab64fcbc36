// How the database stands, read from its indexes alone: no run is looked at. A count walks the entries of one state,
// and has the time of a search for it and no more.
import { SCHEMA } from "../core/run.js";
import type { Census } from "../ports.js";
import { RUNS } from "../run-record.js";
import type { Database } from "./database.js";
import { DELIVERIES } from "./delivery-documents.js";
import { storedDate } from "./stored-date.js";

export async function takeCensus(database: Database): Promise<Census> {
  const [running, waiting, paused, waitingSince, owedSince, deliverySince] = await Promise.all([
    database.count(RUNS, { state: "RUNNING" }, "standing"),
    database.count(RUNS, { state: "WAITING" }, "standing"),
    database.count(RUNS, { state: "PAUSED" }, "standing"),
    first(database, RUNS, "openSince", { state: "WAITING" }),
    first(database, RUNS, "wakeAt", { schema: { $lte: SCHEMA } }),
    first(database, DELIVERIES, "dueAt", { state: "PENDING" }),
  ]);
  return {
    runs: { RUNNING: running, WAITING: waiting, PAUSED: paused },
    ...(waitingSince === undefined ? {} : { waitingSince }),
    ...(owedSince === undefined ? {} : { owedSince }),
    ...(deliverySince === undefined ? {} : { deliverySince }),
  };
}

/** The earliest time in a field, milliseconds since the epoch; undefined where none has it. */
async function first(
  database: Database,
  collection: string,
  field: "openSince" | "wakeAt" | "dueAt",
  filter: Readonly<Record<string, unknown>>,
): Promise<number | undefined> {
  const options = { sort: { [field]: 1 }, limit: 1, projection: { _id: 0, [field]: 1 } } as const;
  // A range, not $exists: the index then passes over those without it.
  const rows = database.scan<Partial<Record<typeof field, unknown>>>(
    collection,
    { ...filter, [field]: { $gte: storedDate(0) } },
    options,
  );
  for await (const row of rows) {
    const at = row[field];
    if (at instanceof Date) return at.getTime();
  }
  return undefined;
}
