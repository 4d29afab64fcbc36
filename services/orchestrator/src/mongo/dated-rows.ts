// Lists in the order of a time, and by id where times are the same. Rows that have no time come last, by their ids: so each
// is found, whatever stands in the place of its time.
import type { Document, Filter } from "mongodb";
import type { Position } from "../page-token.js";
import type { Database } from "./database.js";
import { ANY_DATE, storedDate, timeOf, UNDATED } from "./stored-date.js";

export interface DatedList {
  readonly filter: Document;
  /** The time that it is sorted by. */
  readonly field: string;
  readonly newestFirst: boolean;
  /** From then on, and before then, milliseconds since the epoch: what has no time is in no such list. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  /** Where the page before ended. */
  readonly after: Position | undefined;
  /** Documents of one answer. */
  readonly batchSize: number;
}

/** Read as they are taken. Throws AgentspanError. */
export async function* datedRows<T extends Document>(
  database: Database,
  collection: string,
  list: DatedList,
): AsyncGenerator<T> {
  const { filter, field, newestFirst, from, to, after, batchSize } = list;
  if (after === undefined || after.at !== UNDATED) {
    const sort = { [field]: newestFirst ? -1 : 1, _id: 1 } as const;
    yield* database.scan<T>(collection, { ...filter, ...dated(list) } as Filter<T>, { sort, batchSize });
  }
  if (from !== undefined || to !== undefined) return;
  const undated = { [field]: { $not: ANY_DATE }, _id: after?.at === UNDATED ? { $gt: after.id } : { $gte: "" } };
  yield* database.scan<T>(collection, { ...filter, ...undated } as Filter<T>, { sort: { _id: 1 }, batchSize });
}

export function positionOf(row: Document, field: string): Position {
  return { at: timeOf(row[field]) ?? UNDATED, id: row._id };
}

/** The bound beside the alternatives is what lets the index begin where the page before ended. */
function dated({ field, newestFirst, from, to, after }: DatedList): Document {
  const bounds = {
    ...ANY_DATE,
    ...(from === undefined ? {} : { $gte: storedDate(from) }),
    ...(to === undefined ? {} : { $lt: storedDate(to) }),
  };
  if (after === undefined) return { [field]: bounds };
  const time = storedDate(after.at);
  const [bound, beyond] = newestFirst ? [{ $lte: time }, { $lt: time }] : [{ $gte: time }, { $gt: time }];
  return {
    [field]: { ...bounds, ...bound },
    $or: [{ [field]: beyond }, { [field]: time, _id: { $gt: after.id } }],
  };
}
