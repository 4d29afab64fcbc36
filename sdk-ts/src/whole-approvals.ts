// Approvals with the arguments that a decision on them is bound to, and with what the call would do. A status or a list
// leaves both out where those of one run are more than a message carries; nobody is shown an approval without them.
import { type Approval as ApprovalMessage, ApprovalService, PreviewStatus } from "@agentspan/proto";
import type { RunClient } from "./rpc/run-client.js";

/** The same approvals in the same order, those that came without something of it read one by one. */
export async function wholeApprovals(
  client: RunClient,
  approvals: readonly ApprovalMessage[],
  signal?: AbortSignal,
): Promise<ApprovalMessage[]> {
  const whole: ApprovalMessage[] = [];
  for (const approval of approvals) {
    const { runId, approvalId } = approval;
    if (isWhole(approval)) whole.push(approval);
    else
      whole.push(
        (await client.call(ApprovalService.method.getApproval, { runId, approvalId }, signal)).approval ?? approval,
      );
  }
  return whole;
}

function isWhole({ argumentsJson, argumentsDigest, preview }: ApprovalMessage): boolean {
  if (argumentsJson === "" && argumentsDigest !== "") return false;
  const leftOut = [preview, preview?.previous].some(
    (shown) => shown?.status === PreviewStatus.SHOWN && shown.contentJson === "",
  );
  return !leftOut;
}
