import type { Random } from "../random.js";
import type { Tally } from "../tally.js";
import type { LossyProxy } from "./lossy-proxy.js";
import type { Processes } from "./processes.js";

/** What each fault needs. */
export interface FaultContext {
  readonly processes: Processes;
  readonly proxies: readonly LossyProxy[];
  readonly random: Random;
  readonly tally: Tally;
  /** Aborts when the faults are to end; each then puts right what it did. */
  readonly signal: AbortSignal;
  readonly leaseMs: number;
}
