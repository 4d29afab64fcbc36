import type { Logger } from "@agentspan/internal";
import type { Orchestrators } from "../bus/orchestrators.js";
import type { RunWatches } from "../events/run-watches.js";

/** What handlers are made of. */
export interface HandlerDeps {
  readonly orchestrators: Orchestrators;
  readonly watches: RunWatches;
  readonly log: Logger;
}
