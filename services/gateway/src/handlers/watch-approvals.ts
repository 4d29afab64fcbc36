import type { WatchApprovalsRequest, WatchApprovalsResponse } from "@agentspan/proto";
import { ApprovalWatch } from "../events/approval-watch.js";
import type { StreamHandler } from "../method.js";
import { checkWatchApprovals } from "../validation/approval.js";
import type { HandlerDeps } from "./deps.js";

/** The open checkpoints, then each that opens, changes or closes. */
export function watchApprovals({
  orchestrators,
  approvalNews,
}: HandlerDeps): StreamHandler<WatchApprovalsRequest, WatchApprovalsResponse> {
  return async function* (request, context) {
    checkWatchApprovals(request);
    const news = (listener: () => void) => approvalNews.follow(context.namespace, listener);
    yield* new ApprovalWatch({ orchestrators, asker: context, request, news }).changes();
  };
}
