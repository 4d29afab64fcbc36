import { AgentspanError, Limits } from "@agentspan/internal";
import {
  type ApprovalChangesRequest,
  type ApprovalChangesResponse,
  ApprovalChangesResponseSchema,
  ApprovalSchema,
  ChangedApprovalSchema,
  type GetApprovalRequest,
  type GetApprovalResponse,
  GetApprovalResponseSchema,
  type ListApprovalsRequest,
  type ListApprovalsResponse,
  ListApprovalsResponseSchema,
} from "@agentspan/proto";
import { create, toBinary } from "@bufbuild/protobuf";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
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

/** Checkpoints that opened, changed or closed since a time, for whoever watches them. */
export async function approvalChanges(
  context: RequestContext,
  request: ApprovalChangesRequest,
): Promise<ApprovalChangesResponse> {
  const { filter, since, pageSize, pageToken } = request;
  const { kinds: asked = [], toolName = "", agentName = "", labels = {} } = filter ?? {};
  const sinceMs = since === undefined ? 0 : timestampMs(since);
  const kinds = kindsOf(asked);
  const { entries, nextPageToken } = await pageWithin({
    pageSize: pageSizeOf(pageSize, Limits.defaultPageSize),
    ...(pageToken === "" ? {} : { pageToken }),
    read: (limit, token) =>
      context.store.listChanged({
        namespace: context.namespace,
        since: sinceMs,
        ...(agentName === "" ? {} : { agentName }),
        labels,
        limit,
        ...(token === undefined ? {} : { pageToken: token }),
      }),
    encode: (stored) => {
      const changed = Object.values(stored.run.checkpoints).filter(
        ({ kind, tool, updatedAt }) =>
          updatedAt >= sinceMs &&
          (kinds.length === 0 || kinds.includes(kind)) &&
          (toolName === "" || tool === toolName),
      );
      return Promise.all(
        changed.map(async (checkpoint) =>
          create(ChangedApprovalSchema, {
            approval: await approvalOf(context, stored, checkpoint),
            closed: checkpoint.closed !== undefined,
          }),
        ),
      );
    },
    bytesOf: (change) => toBinary(ChangedApprovalSchema, change).length,
  });
  const now = timestampFromMs(context.clock.now());
  return create(ApprovalChangesResponseSchema, { approvals: [...entries], nextPageToken, now });
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
