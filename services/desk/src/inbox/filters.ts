// Which of the open approvals are looked at.
import { type Approval, ApprovalKind } from "@agentspan/proto";

export interface Filters {
  readonly tool: string;
  readonly agent: string;
  /** 0 for every kind. */
  readonly kind: ApprovalKind;
  /** Words that must all be in it somewhere: in the tool, the agent, the run, the arguments or the reason. */
  readonly search: string;
}

export const NO_FILTERS: Filters = { tool: "", agent: "", kind: ApprovalKind.UNSPECIFIED, search: "" };

export function isFiltering(filters: Filters): boolean {
  return filters.tool !== "" || filters.agent !== "" || filters.kind !== 0 || filters.search.trim() !== "";
}

export function filtered(approvals: readonly Approval[], { tool, agent, kind, search }: Filters): readonly Approval[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return approvals.filter(
    (approval) =>
      (tool === "" || approval.toolName === tool) &&
      (agent === "" || approval.agentName === agent) &&
      (kind === ApprovalKind.UNSPECIFIED || approval.kind === kind) &&
      words.every((word) => hasWord(approval, word)),
  );
}

/** The different values of one field, in their order. */
export function valuesOf(approvals: readonly Approval[], field: "toolName" | "agentName"): readonly string[] {
  return [...new Set(approvals.map((approval) => approval[field]))].sort();
}

function hasWord(approval: Approval, word: string): boolean {
  const { toolName, agentName, runId, approvalId, argumentsJson, reason } = approval;
  return [toolName, agentName, runId, approvalId, argumentsJson, reason].some((text) =>
    text.toLowerCase().includes(word),
  );
}
