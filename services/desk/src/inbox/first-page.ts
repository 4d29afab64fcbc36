// The first screen of what waits. It is asked for once, before anything else, and shown until the watch begins: a desk
// that is opened has rows after one answer, however many follow.
import { ApprovalService } from "@agentspan/proto";
import { useQuery } from "@connectrpc/connect-query";

/** As many as the watch's first page has, which takes their place. */
const FIRST_PAGE = 50;

export function useFirstPage() {
  return useQuery(ApprovalService.method.listApprovals, { pageSize: FIRST_PAGE }, { staleTime: "static" });
}
