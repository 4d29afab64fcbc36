import type { Random } from "../random.js";
import type { Tally } from "../tally.js";
import type { LossyProxy } from "./lossy-proxy.js";
import type { Processes } from "./processes.js";
import type { SmallDisk } from "./small-disk.js";

/** What each fault needs. */
export interface FaultContext {
  readonly processes: Processes;
  readonly proxies: readonly LossyProxy[];
  /** Where the servers keep their data, if it can be filled. */
  readonly disk: SmallDisk | undefined;
  readonly random: Random;
  readonly tally: Tally;
  /** Aborts when the faults are to end; each then puts right what it did. */
  readonly signal: AbortSignal;
  readonly leaseMs: number;
}
