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
import { isFor } from "../assignees.js";
import { approversOf, type Checkpoint, toolOf } from "../core/index.js";
import { kindsOf } from "../encode/approval.js";
import type { Assignee, StoredRun } from "../ports.js";
import { type RequestContext, readRun } from "./context.js";
import { approvalOf, openApprovals } from "./open-approvals.js";
import { pageWithin } from "./paging.js";
import { pageSizeOf } from "./read.js";

export async function listApprovals(
  context: RequestContext,
  request: ListApprovalsRequest,
): Promise<ListApprovalsResponse> {
  const { agentName, labels, pageToken, toolName, runId, withTotal } = request;
  const kinds = kindsOf(request.kinds);
  const assignee = assigneeOf(context, request);
  const filter = {
    namespace: context.namespace,
    kinds,
    ...(toolName === "" ? {} : { tool: toolName }),
    ...(agentName === "" ? {} : { agentName }),
    ...(runId === "" ? {} : { runId }),
    ...(assignee === undefined ? {} : { assignee }),
    labels,
  };
  const total = withTotal ? await context.store.countOpen(filter, Limits.countedApprovals) : 0;
  const { entries, nextPageToken } = await pageWithin({
    pageSize: pageSizeOf(request.pageSize, Limits.defaultPageSize),
    ...(pageToken === "" ? {} : { pageToken }),
    unreadable: context.unreadable,
    read: (limit, token) =>
      context.store.listOpen({
        ...filter,
        limit,
        ...(token === undefined ? {} : { pageToken: token }),
      }),
    encode: async (stored) => {
      const isTheirs = await assignedBy(context, stored, assignee);
      return openApprovals(
        context,
        stored,
        (open) =>
          (kinds.length === 0 || kinds.includes(open.kind)) &&
          (toolName === "" || open.tool === toolName) &&
          isTheirs(open),
      );
    },
    bytesOf: (approval) => toBinary(ApprovalSchema, approval).length,
  });
  return create(ListApprovalsResponseSchema, { approvals: [...entries], nextPageToken, total });
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
  const assignee = filter === undefined ? undefined : assigneeOf(context, filter);
  const { entries, nextPageToken } = await pageWithin({
    pageSize: pageSizeOf(pageSize, Limits.defaultPageSize),
    ...(pageToken === "" ? {} : { pageToken }),
    unreadable: context.unreadable,
    read: (limit, token) =>
      context.store.listChanged({
        namespace: context.namespace,
        since: sinceMs,
        ...(agentName === "" ? {} : { agentName }),
        labels,
        limit,
        ...(token === undefined ? {} : { pageToken: token }),
      }),
    encode: async (stored) => {
      const isTheirs = await assignedBy(context, stored, assignee);
      const changed = Object.values(stored.run.checkpoints).filter(
        (checkpoint) =>
          checkpoint.updatedAt >= sinceMs &&
          (kinds.length === 0 || kinds.includes(checkpoint.kind)) &&
          (toolName === "" || checkpoint.tool === toolName) &&
          // Whoever was told of one that went to others is told that it did.
          (isTheirs(checkpoint) || isTheirs({ tool: checkpoint.tool })),
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

function assigneeOf(
  { caller }: RequestContext,
  { assignee, assigneeGroups, mine }: Pick<ListApprovalsRequest, "assignee" | "assigneeGroups" | "mine">,
): Assignee | undefined {
  if (mine) return { person: caller.subject, groups: caller.groups };
  if (assignee === "" && assigneeGroups.length === 0) return undefined;
  return { ...(assignee === "" ? {} : { person: assignee }), groups: assigneeGroups };
}

/** Which checkpoints of a run somebody may decide, by the definition that it is pinned to. */
async function assignedBy({ agents }: RequestContext, { run }: StoredRun, assignee: Assignee | undefined) {
  if (assignee === undefined) return () => true;
  const agent = await agents.agentOf(run);
  return (checkpoint: Pick<Checkpoint, "tool" | "escalated">): boolean =>
    isFor(approversOf(toolOf(agent, checkpoint.tool)?.approval, checkpoint), assignee);
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
