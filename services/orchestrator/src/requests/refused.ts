// Which refusals the audit keeps: of decisions; of grants and keys, which give others the right to one; and of webhooks,
// which say who is told; with reasons that tell something of whoever asked.
import type { AgentspanError, Reason } from "@agentspan/internal";
import {
  ApproveRequestSchema,
  CreateDecisionLinkRequestSchema,
  CreateGrantRequestSchema,
  CreateKeyRequestSchema,
  CreateWebhookRequestSchema,
  DeleteWebhookRequestSchema,
  PutKeyRequestSchema,
  RejectRequestSchema,
  RespondRequestSchema,
  RevokeGrantRequestSchema,
  RevokeKeyRequestSchema,
  RotateWebhookSecretRequestSchema,
  SettleRequestSchema,
} from "@agentspan/proto";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import type { Refusal } from "../audit/refusals.js";
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

/** What was asked in vain, and of what. */
type Asked = Pick<Refusal, "run" | "tool" | "asked" | "about"> & { readonly onBehalfOf: string };
type Read = (context: RequestContext, body: Uint8Array) => Promise<Asked | undefined>;

const READERS: Readonly<Record<string, Read>> = {
  "RunService/Approve": (context, body) => ofRun(context, "approve", fromBinary(ApproveRequestSchema, body)),
  "RunService/Reject": (context, body) => ofRun(context, "reject", fromBinary(RejectRequestSchema, body)),
  "RunService/Respond": (context, body) => ofRun(context, "respond", fromBinary(RespondRequestSchema, body)),
  "RunService/Settle": (context, body) => ofRun(context, "settle", fromBinary(SettleRequestSchema, body)),
  "ApprovalService/CreateDecisionLink": async (context, body) => {
    const request = fromBinary(CreateDecisionLinkRequestSchema, body);
    const asked = await ofRun(context, "create_link", { ...request, decisionId: "", onBehalfOf: "" });
    return asked && { ...asked, about: { ...asked.about, person: request.person } };
  },
  "GrantService/CreateGrant": async ({ namespace }, body) => {
    const { agentName: agent, toolName: tool, onBehalfOf } = fromBinary(CreateGrantRequestSchema, body);
    return { run: refusedGrants(namespace), tool, asked: "create_grant", about: { agent }, onBehalfOf };
  },
  "GrantService/RevokeGrant": async ({ namespace }, body) => {
    const { grantId: grant, onBehalfOf } = fromBinary(RevokeGrantRequestSchema, body);
    return { run: refusedGrants(namespace), tool: "", asked: "revoke_grant", about: { grant }, onBehalfOf };
  },
  "KeyService/CreateKey": async ({ namespace }, body) => {
    const { owner, roles } = fromBinary(CreateKeyRequestSchema, body);
    const about = { owner, roles: roles.join(" ") };
    return { run: refusedKeys(namespace), tool: "", asked: "create_key", about, onBehalfOf: "" };
  },
  "KeyService/RevokeKey": async ({ namespace }, body) => {
    const { keyId: key } = fromBinary(RevokeKeyRequestSchema, body);
    return { run: refusedKeys(namespace), tool: "", asked: "revoke_key", about: { key }, onBehalfOf: "" };
  },
  "WebhookService/CreateWebhook": async ({ namespace }, body) => {
    const { agentName: agent, toolName: tool } = fromBinary(CreateWebhookRequestSchema, body);
    // Not its address, which may have a secret in it.
    return { run: refusedWebhooks(namespace), tool, asked: "create_webhook", about: { agent }, onBehalfOf: "" };
  },
  "WebhookService/DeleteWebhook": async ({ namespace }, body) => {
    const { webhookId: webhook } = fromBinary(DeleteWebhookRequestSchema, body);
    return { run: refusedWebhooks(namespace), tool: "", asked: "delete_webhook", about: { webhook }, onBehalfOf: "" };
  },
  "WebhookService/RotateWebhookSecret": async ({ namespace }, body) => {
    const { webhookId: webhook } = fromBinary(RotateWebhookSecretRequestSchema, body);
    return { run: refusedWebhooks(namespace), tool: "", asked: "rotate_webhook", about: { webhook }, onBehalfOf: "" };
  },
};

/** Under which they stand in the audit, in place of a run: one chain for all of a namespace, so that it is bounded. */
function refusedGrants(namespace: string): string {
  return `grants_${namespace}`;
}

function refusedKeys(namespace: string): string {
  return `keys_${namespace}`;
}

function refusedWebhooks(namespace: string): string {
  return `webhooks_${namespace}`;
}

/** As noteRefusal, of what came to this orchestrator: of a key, what is to be stored in place of the public request. */
export async function noteOwnRefusal(
  context: RequestContext,
  method: string,
  body: Uint8Array,
  error: AgentspanError,
): Promise<void> {
  if (method !== "KeyService/CreateKey") return noteRefusal(context, method, body, error);
  const { request = create(CreateKeyRequestSchema) } = fromBinary(PutKeyRequestSchema, body);
  return noteRefusal(context, method, toBinary(CreateKeyRequestSchema, request), error);
}

/** Resolves when it is in the audit, where it belongs there. */
export async function noteRefusal(
  context: RequestContext,
  method: string,
  body: Uint8Array,
  error: AgentspanError,
): Promise<void> {
  const { refusals, namespace, caller } = context;
  const read = Object.hasOwn(READERS, method) ? READERS[method] : undefined;
  if (refusals === undefined || read === undefined || !KEPT.has(error.reason)) return;
  const asked = await read(context, body);
  if (asked === undefined) return;
  const { subject: who, method: how, credentialId, address } = caller;
  await refusals.note({ ...asked, namespace, who, method: how, credentialId, address, error });
}

interface Decision {
  readonly runId: string;
  readonly approvalId: string;
  readonly decisionId: string;
  readonly onBehalfOf: string;
  readonly argumentsDigest?: string;
}

/** Of a run that the caller does not see nothing is kept. */
async function ofRun(
  { engine, namespace }: RequestContext,
  asked: string,
  { runId, approvalId: approval, decisionId: decision, onBehalfOf, argumentsDigest: digest = "" }: Decision,
): Promise<Asked | undefined> {
  const named = (await engine.peek(runId))?.run;
  if (named === undefined || named.namespace !== namespace) return undefined;
  // It belongs with the checkpoint, whichever run above it was named.
  const run = mirrorOf(named, approval)?.runId ?? runId;
  const seen = run === runId ? named : (await engine.peek(run))?.run;
  if (seen === undefined || seen.namespace !== namespace) return undefined;
  const checkpoints = seen.checkpoints;
  const tool = Object.hasOwn(checkpoints, approval) ? checkpoints[approval]?.tool : undefined;
  return { run, tool: tool ?? "", asked, about: { approval, decision, digest }, onBehalfOf };
}
