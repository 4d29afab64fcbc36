// What waits for people, as every inbox has it, and where the desk shows it.
import type { Approval } from "@agentspan/proto";

export * from "@agentspan/internal/inbox";

/** Its page. */
export function pathOf({ runId, approvalId }: Pick<Approval, "runId" | "approvalId">): string {
  return `/approvals/${encodeURIComponent(runId)}/${encodeURIComponent(approvalId)}`;
}
