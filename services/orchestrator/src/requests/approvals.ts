import { AgentspanError, Limits } from "@agentspan/internal";
import {
  ApprovalSchema,
  type GetApprovalRequest,
  type GetApprovalResponse,
  GetApprovalResponseSchema,
  type ListApprovalsRequest,
  type ListApprovalsResponse,
  ListApprovalsResponseSchema,
} from "@agentspan/proto";
import { create, toBinary } from "@bufbuild/protobuf";
import { kindsOf } from "../encode/approval.js";
import { type RequestContext, readRun } from "./context.js";
import { approvalOf, openApprovals } from "./open-approvals.js";
import { pageWithin } from "./paging.js";
import { pageSizeOf } from "./read.js";

export async function listApprovals(
  context: RequestContext,
  request: ListApprovalsRequest,
): Promise<ListApprovalsResponse> {
  const { agentName, labels, pageToken, toolName, runId } = request;
  const kinds = kindsOf(request.kinds);
  const { entries, nextPageToken } = await pageWithin({
    pageSize: pageSizeOf(request.pageSize, Limits.defaultPageSize),
    ...(pageToken === "" ? {} : { pageToken }),
    read: (limit, token) =>
      context.store.listOpen({
        namespace: context.namespace,
        kinds,
        ...(toolName === "" ? {} : { tool: toolName }),
        ...(agentName === "" ? {} : { agentName }),
        ...(runId === "" ? {} : { runId }),
        labels,
        limit,
        ...(token === undefined ? {} : { pageToken: token }),
      }),
    encode: (stored) =>
      openApprovals(
        context,
        stored,
        ({ kind, tool }) => (kinds.length === 0 || kinds.includes(kind)) && (toolName === "" || tool === toolName),
      ),
    bytesOf: (approval) => toBinary(ApprovalSchema, approval).length,
  });
  return create(ListApprovalsResponseSchema, { approvals: [...entries], nextPageToken });
}

/** One checkpoint, open or closed. */
export async function getApproval(context: RequestContext, request: GetApprovalRequest): Promise<GetApprovalResponse> {
  const { runId, approvalId } = request;
  const stored = await readRun(context, runId);
  const { checkpoints } = stored.run;
  const checkpoint = Object.hasOwn(checkpoints, approvalId) ? checkpoints[approvalId] : undefined;
  if (checkpoint === undefined) {
    throw new AgentspanError("APPROVAL_NOT_FOUND", `Run ${runId} has no approval ${approvalId}.`);
  }
  return create(GetApprovalResponseSchema, { approval: await approvalOf(context, stored, checkpoint) });
}
