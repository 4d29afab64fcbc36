import { AgentspanError } from "@agentspan/internal";
import type { WatchApprovalsRequest, WatchApprovalsResponse } from "@agentspan/proto";
import type { StreamHandler } from "../method.js";

/** Not there yet. */
export function watchApprovals(): StreamHandler<WatchApprovalsRequest, WatchApprovalsResponse> {
  // biome-ignore lint/correctness/useYield: there is nothing to give yet, and a stream must be a generator.
  return async function* () {
    throw new AgentspanError("UNIMPLEMENTED", "WatchApprovals is not there yet. Use ListApprovals, and ask again.");
  };
}
