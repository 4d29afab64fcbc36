import type { Logger, Time } from "@agentspan/internal";
import type { Orchestrators } from "../bus/orchestrators.js";
import type { ApprovalNews } from "../events/approval-news.js";
import type { RunWatches } from "../events/run-watches.js";

/** What handlers are made of. */
export interface HandlerDeps {
  readonly orchestrators: Orchestrators;
  readonly watches: RunWatches;
  readonly approvalNews: ApprovalNews;
  readonly log: Logger;
  /** By which it is told what lies in the past. */
  readonly time: Pick<Time, "wall">;
}
