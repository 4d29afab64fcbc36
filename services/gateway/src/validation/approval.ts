// ApprovalService's requests.
import { Limits } from "@agentspan/internal";
import {
  ApprovalKind,
  type CreateDecisionLinkRequest,
  type GetApprovalRequest,
  type ListApprovalsRequest,
  type WatchApprovalsRequest,
} from "@agentspan/proto";
import { timestampMs } from "@bufbuild/protobuf/wkt";
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
  checkSize,
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

const DAY_MS = 86_400_000;

/** `now` in milliseconds since the epoch. */
export function checkCreateDecisionLink(request: CreateDecisionLinkRequest, now: number): void {
  const { runId, approvalId, person, expiresAt, idempotencyKey } = request;
  const faults = new Faults();
  checkId(faults, "runId", runId);
  checkOptionalId(faults, "approvalId", approvalId);
  checkPerson(faults, "person", person);
  if (expiresAt !== undefined) {
    const at = timestampMs(expiresAt);
    if (!(at > now && at <= now + Limits.linkDays * DAY_MS)) {
      faults.add("expiresAt", `must lie in the future, at most ${Limits.linkDays} days from now`);
    }
  }
  checkSize(faults, "idempotencyKey", idempotencyKey, "idempotencyKeyBytes");
  faults.throwIfAny();
}
