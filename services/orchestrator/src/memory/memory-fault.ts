// What may befall a call to the store in memory, and when it answers.
import { AgentspanError } from "@agentspan/internal";

/**
 * What befalls a call, as it may befall one to a real database.
 *
 * away: nothing happens, and it rejects with STORE_UNAVAILABLE. answer_lost: it is carried out and nobody learns of it; a
 * commit resolves to "unknown" and anything else rejects with STORE_UNAVAILABLE. late: a commit is "unknown" at once and
 * is carried out when the promise resolves; anything else is as away.
 */
export type MemoryFault = "away" | "answer_lost" | { readonly late: Promise<void> };

/** Rejects as a store that is away does. */
export async function unavailable(): Promise<never> {
  await nextTurn();
  throw new AgentspanError("STORE_UNAVAILABLE", "The store in memory is away. Try again in a moment.", {
    retryAfterMs: 1,
  });
}

/**
 * A database's answer comes in a later turn of the event loop. Without that, two who retry would keep everybody else,
 * timers included, from their turn. Kept from before a test puts timers of its own in place.
 */
const immediate = setImmediate;

export function nextTurn(): Promise<void> {
  return new Promise((resolve) => immediate(resolve));
}
