// Times as they stand in documents and filters. A server that cannot read one date refuses the whole command that
// carries it, and with it what others wrote in the same batch.

const FIRST_MS = Date.parse("0001-01-01T00:00:00.000Z");
const LAST_MS = Date.parse("9999-12-31T23:59:59.999Z");

/** Milliseconds since the epoch as a date that every server takes: the nearest one of the years 1 to 9999. */
export function storedDate(at: number): Date {
  return new Date(Math.min(Math.max(at, FIRST_MS), LAST_MS));
}
