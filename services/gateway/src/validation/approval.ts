// ApprovalService's requests.
import { Limits } from "@agentspan/internal";
import {
  ApprovalKind,
  type GetApprovalRequest,
  type ListApprovalsRequest,
  type WatchApprovalsRequest,
} from "@agentspan/proto";
import {
  checkEnum,
  checkId,
  checkLabels,
  checkOnBehalfOf,
  checkOptionalId,
  checkOptionalName,
  checkPageSize,
  checkPageToken,
  checkPerson,
} from "./checks.js";
import { Faults } from "./faults.js";

export function checkListApprovals(request: ListApprovalsRequest): void {
  const faults = new Faults();
  checkFilter(faults, request);
  checkPageSize(faults, "pageSize", request.pageSize);
  checkPageToken(faults, "pageToken", request.pageToken);
  checkOptionalId(faults, "runId", request.runId);
  faults.throwIfAny();
}

export function checkWatchApprovals(request: WatchApprovalsRequest): void {
  const faults = new Faults();
  checkFilter(faults, request);
  checkPageToken(faults, "cursor", request.cursor);
  faults.throwIfAny();
}

/** Which approvals are meant. */
function checkFilter(faults: Faults, request: ListApprovalsRequest | WatchApprovalsRequest): void {
  for (const [at, kind] of request.kinds.entries()) checkEnum(faults, `kinds[${at}]`, kind, ApprovalKind);
  checkOptionalName(faults, "toolName", request.toolName);
  checkOptionalName(faults, "agentName", request.agentName);
  checkLabels(faults, "labels", request.labels);
  checkOnBehalfOf(faults, "assignee", request.assignee);
  const { assignee, assigneeGroups, mine } = request;
  if (assigneeGroups.length > Limits.approvers) faults.exceeds("assigneeGroups", "approvers", assigneeGroups.length);
  else for (const [at, group] of assigneeGroups.entries()) checkPerson(faults, `assigneeGroups[${at}]`, group);
  if (mine && (assignee !== "" || assigneeGroups.length > 0)) {
    faults.add("mine", "stands for the caller: leave assignee and assigneeGroups out");
  }
}

export function checkGetApproval(request: GetApprovalRequest): void {
  const faults = new Faults();
  checkId(faults, "runId", request.runId);
  checkId(faults, "approvalId", request.approvalId);
  faults.throwIfAny();
}
