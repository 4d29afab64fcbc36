import type { WatchApprovalsRequest, WatchApprovalsResponse } from "@agentspan/proto";
import { ApprovalWatch } from "../events/approval-watch.js";
import type { StreamHandler } from "../method.js";
import { checkWatchApprovals } from "../validation/approval.js";
import type { HandlerDeps } from "./deps.js";

/** The open checkpoints, then each that opens, changes or closes. */
export function watchApprovals({
  orchestrators,
}: HandlerDeps): StreamHandler<WatchApprovalsRequest, WatchApprovalsResponse> {
  return async function* (request, context) {
    checkWatchApprovals(request);
    yield* new ApprovalWatch({ orchestrators, asker: context, request }).changes();
  };
}
