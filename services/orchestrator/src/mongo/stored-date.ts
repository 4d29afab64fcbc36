// Times as they stand in documents and filters. A server that cannot read one date refuses the whole command that
// carries it, and with it what others wrote in the same batch.
import { type Shape, ShapeFault } from "../row-shape.js";

const FIRST_MS = Date.parse("0001-01-01T00:00:00.000Z");
const LAST_MS = Date.parse("9999-12-31T23:59:59.999Z");

/** Milliseconds since the epoch as a date that every server takes: the nearest one of the years 1 to 9999. */
export function storedDate(at: number): Date {
  return new Date(Math.min(Math.max(at, FIRST_MS), LAST_MS));
}

/** A date of those, in milliseconds since the epoch. */
export const date: Shape<number> = (value, place) => {
  const at = timeOf(value);
  if (at !== undefined) return at;
  throw new ShapeFault(place);
};

/** Undefined where it is no such date: nobody can be told one of another year. */
export function timeOf(value: unknown): number | undefined {
  const at = value instanceof Date ? value.getTime() : Number.NaN;
  return at >= FIRST_MS && at <= LAST_MS ? at : undefined;
}

/** Fits every date that storedDate gives, and nothing else that may stand in its place. */
export const ANY_DATE = { $gte: new Date(FIRST_MS), $lte: new Date(LAST_MS) };

/** As the time of what has none: before every other. */
export const UNDATED = FIRST_MS - 1;
