import {
  type CancelRequest,
  type CancelResponse,
  CancelResponseSchema,
  type PauseRequest,
  type PauseResponse,
  PauseResponseSchema,
  type ResumeRequest,
  type ResumeResponse,
  ResumeResponseSchema,
  type RunStatus,
} from "@agentspan/proto";
import { create } from "@bufbuild/protobuf";
import type { Cancel, Pause, Resume } from "../core/index.js";
import { type RequestContext, requireRun } from "./context.js";
import { statusOf } from "./status.js";

export async function cancel(context: RequestContext, { runId, reason }: CancelRequest): Promise<CancelResponse> {
  const status = await execute(context, runId, { type: "cancel", who: context.caller.subject, reason });
  return create(CancelResponseSchema, { status });
}

export async function pause(
  context: RequestContext,
  { runId, reason, requestId }: PauseRequest,
): Promise<PauseResponse> {
  const status = await execute(context, runId, { type: "pause", who: context.caller.subject, reason, requestId });
  return create(PauseResponseSchema, { status });
}

export async function resume(context: RequestContext, { runId, requestId }: ResumeRequest): Promise<ResumeResponse> {
  const status = await execute(context, runId, { type: "resume", who: context.caller.subject, requestId });
  return create(ResumeResponseSchema, { status });
}

async function execute(context: RequestContext, runId: string, command: Cancel | Pause | Resume): Promise<RunStatus> {
  await requireRun(context, runId);
  const { stored } = await context.engine.execute(runId, command);
  return statusOf(context, stored);
}
