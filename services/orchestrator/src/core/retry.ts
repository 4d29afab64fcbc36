// When a failed attempt is repeated. The wait is decided once and rides in the event.
import type { RetryPolicy } from "./agent.js";

/** Model calls: a provider that is overloaded or away is worth some patience. */
export const MODEL_RETRY: RetryPolicy = { maxAttempts: 6, initialBackoffMs: 500, maxBackoffMs: 30_000, multiplier: 2 };

/** What a provider asks to wait is heeded up to this, milliseconds: some ask for the rest of the day. */
export const LONGEST_MODEL_WAIT_MS = 60 * 60_000;

/** A task that workers refuse (their schema, a missing proof) is offered again, ever more rarely. */
export const REFUSED_RETRY: RetryPolicy = {
  maxAttempts: Number.POSITIVE_INFINITY,
  initialBackoffMs: 1_000,
  maxBackoffMs: 60_000,
  multiplier: 2,
};

/**
 * Milliseconds to wait after the `failures`-th failure, or undefined where the attempts are used up. `jitter` from 0
 * to 1 takes off up to a fifth, so that what failed together does not come back together.
 */
export function backoffAfter(policy: RetryPolicy, failures: number, jitter: number): number | undefined {
  if (failures >= policy.maxAttempts) return undefined;
  const { initialBackoffMs, multiplier, maxBackoffMs } = policy;
  // No wait grows to no wait, where the power is infinite too.
  const grown = initialBackoffMs === 0 ? 0 : initialBackoffMs * multiplier ** (failures - 1);
  return Math.round(Math.min(grown, maxBackoffMs) * (1 - jitter / 5));
}
