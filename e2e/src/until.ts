// Waiting for what is about to happen: looked at often, with a deadline that says what did not come.
import { setTimeout as delay } from "node:timers/promises";

export interface UntilOptions {
  /** Milliseconds until it is given up; 60,000 unless said. */
  readonly withinMs?: number;
  /** Milliseconds between looks, at first; 20 unless said. Later they are as far apart as is a twentieth of the wait. */
  readonly everyMs?: number;
}

/**
 * Looks until there is something: the first result that is neither undefined nor false. Throws with `what` and the last
 * error or result of a look where the time is over; what a look throws counts as "not yet".
 */
export async function until<T>(
  what: string,
  look: () => T | Promise<T>,
  { withinMs = 60_000, everyMs = 20 }: UntilOptions = {},
): Promise<Exclude<T, undefined | false>> {
  const begun = performance.now();
  const deadline = begun + withinMs;
  let last: unknown;
  for (;;) {
    try {
      const found = await look();
      if (found !== undefined && found !== false) return found as Exclude<T, undefined | false>;
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (performance.now() > deadline) {
      throw new Error(`Not within ${withinMs} ms: ${what}`, last === undefined ? {} : { cause: last });
    }
    // Whoever is looked at has the more time for its work the longer that takes.
    await delay(Math.max(everyMs, (performance.now() - begun) / 20));
  }
}
