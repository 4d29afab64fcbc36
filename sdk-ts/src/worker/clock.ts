import type { Time } from "@agentspan/internal";

/** The two clocks that a grant's age is told by: neither alone sees both a sleeping machine and a changed date. */
export type Clock = Pick<Time, "monotonic" | "wall">;

/** An instant by both clocks. */
export interface Instant {
  readonly monotonicMs: number;
  readonly wallMs: number;
}

export function instantOf(clock: Clock): Instant {
  return { monotonicMs: clock.monotonic(), wallMs: clock.wall() };
}
