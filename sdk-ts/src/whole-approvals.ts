// Approvals with the arguments that a decision on them is bound to. A status or a list leaves arguments out where those
// of one run are more than a message carries; nobody is shown an approval without them.
import { type Approval as ApprovalMessage, ApprovalService } from "@agentspan/proto";
import type { RunClient } from "./rpc/run-client.js";

/** The same approvals in the same order, those that came without their arguments read one by one. */
export async function wholeApprovals(
  client: RunClient,
  approvals: readonly ApprovalMessage[],
  signal?: AbortSignal,
): Promise<ApprovalMessage[]> {
  const whole: ApprovalMessage[] = [];
  for (const approval of approvals) {
    const { runId, approvalId } = approval;
    if (approval.argumentsJson !== "" || approval.argumentsDigest === "") whole.push(approval);
    else
      whole.push(
        (await client.call(ApprovalService.method.getApproval, { runId, approvalId }, signal)).approval ?? approval,
      );
  }
  return whole;
}
