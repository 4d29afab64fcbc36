// How what somebody does is sent until it is answered: under the same id each time, so that it counts once.
import { isPassing } from "./refusal.js";

const TRIES = 6;
const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 4_000;

/** For a mutation: again while the server is away, and not where it refuses. */
export const UNTIL_ANSWERED = {
  retry: (count: number, failure: Error): boolean => count < TRIES && isPassing(failure),
  retryDelay: (count: number): number => Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** count),
} as const;
