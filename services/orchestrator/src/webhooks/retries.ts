// When a message is sent again that was not taken, after the schedule that the Standard Webhooks specification gives.

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/** After each failed attempt, from the first on. After one more it is dead. */
const DELAYS_MS = [
  5 * SECOND_MS,
  5 * MINUTE_MS,
  30 * MINUTE_MS,
  ...[2, 5, 10, 14, 20, 24].map((hours) => hours * HOUR_MS),
] as const;
/** A receiver that asks for more is asked again after this. */
const MOST_MS = 24 * HOUR_MS;
/** By how much a delay may be longer, so that what failed together is not sent together again. */
const JITTER = 0.2;

/** Milliseconds until the next attempt; undefined where there is none. `failed` attempts since it was made or replayed. */
export function retryAfter(failed: number, random: number, askedMs = 0): number | undefined {
  const delay = DELAYS_MS[failed - 1];
  if (delay === undefined) return undefined;
  return Math.max(delay * (1 + JITTER * random), Math.min(askedMs, MOST_MS));
}
