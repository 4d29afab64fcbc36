// Which refusals the audit keeps: of decisions, with reasons that tell something of whoever decided.
import type { AgentspanError, Reason } from "@agentspan/internal";
import {
  ApproveRequestSchema,
  RejectRequestSchema,
  RespondRequestSchema,
  type RunService,
  SettleRequestSchema,
} from "@agentspan/proto";
import { fromBinary } from "@bufbuild/protobuf";
import { mirrorOf } from "../core/index.js";
import type { RequestContext } from "./context.js";

const KEPT: ReadonlySet<Reason> = new Set([
  "PERMISSION_DENIED",
  "SELF_APPROVAL",
  "ALREADY_DECIDED",
  "ARGUMENTS_CHANGED",
  "APPROVAL_EXPIRED",
  "RUN_ENDED",
]);

type Decides = Extract<keyof (typeof RunService)["method"], "approve" | "reject" | "respond" | "settle">;

const DECISIONS: Readonly<Record<string, Decides>> = {
  "RunService/Approve": "approve",
  "RunService/Reject": "reject",
  "RunService/Respond": "respond",
  "RunService/Settle": "settle",
};

const SCHEMAS = {
  approve: ApproveRequestSchema,
  reject: RejectRequestSchema,
  respond: RespondRequestSchema,
  settle: SettleRequestSchema,
} as const;

/** Resolves when it is in the audit, where it belongs there. Of a run that the caller does not see nothing is kept. */
export async function noteRefusal(
  { refusals, engine, namespace, caller }: RequestContext,
  method: string,
  body: Uint8Array,
  error: AgentspanError,
): Promise<void> {
  const asked = Object.hasOwn(DECISIONS, method) ? DECISIONS[method] : undefined;
  if (refusals === undefined || asked === undefined || !KEPT.has(error.reason)) return;
  const request = fromBinary(SCHEMAS[asked], body);
  const { runId, approvalId: approval, decisionId: decision, onBehalfOf } = request;
  const named = (await engine.peek(runId))?.run;
  if (named === undefined || named.namespace !== namespace) return;
  // It belongs with the checkpoint, whichever run above it was named.
  const run = mirrorOf(named, approval)?.runId ?? runId;
  const seen = run === runId ? named : (await engine.peek(run))?.run;
  if (seen === undefined || seen.namespace !== namespace) return;
  const checkpoints = seen.checkpoints;
  const tool = Object.hasOwn(checkpoints, approval) ? checkpoints[approval]?.tool : undefined;
  await refusals.note({
    run,
    namespace,
    tool: tool ?? "",
    asked,
    approval,
    decision,
    digest: "argumentsDigest" in request ? request.argumentsDigest : "",
    who: caller.subject,
    onBehalfOf,
    method: caller.method,
    credentialId: caller.credentialId,
    address: caller.address,
    error,
  });
}
