// The methods that gateways may ask for, by name: the public request in, the public response out.
import {
  AgentService,
  ApprovalChangesRequestSchema,
  ApprovalChangesResponseSchema,
  ApprovalService,
  AuditService,
  GrantService,
  KeyService,
  NoteRefusalRequestSchema,
  NoteRefusalResponseSchema,
  PutKeyRequestSchema,
  PutKeyResponseSchema,
  RunService,
  SequencesRequestSchema,
  SequencesResponseSchema,
  VerifyKeyRequestSchema,
  VerifyKeyResponseSchema,
  WebhookService,
  WorkerService,
} from "@agentspan/proto";
import { type DescMessage, type DescMethod, fromBinary, type MessageShape, toBinary } from "@bufbuild/protobuf";
import { getAgent, listAgents, listAgentVersions, putAgent } from "./agents.js";
import { approvalChanges, getApproval, listApprovals } from "./approvals.js";
import { listAudit } from "./audit.js";
import type { RequestContext } from "./context.js";
import { cancel, pause, resume } from "./control.js";
import { approve, reject, respond, settle } from "./decide.js";
import { createDecisionLink } from "./decision-links.js";
import { listDeliveries, replayDeadDeliveries, replayDelivery } from "./deliveries.js";
import { noteGatewaysRefusal } from "./gateways-refusal.js";
import { createGrant, getGrant, listGrants, revokeGrant } from "./grants.js";
import { createKey, listKeys, revokeKey, verifyKey } from "./keys.js";
import { requireSpeaker } from "./permission.js";
import { getHistory, getStatus, listRuns, sequences } from "./read.js";
import { start } from "./start.js";
import { createWebhook, deleteWebhook, listWebhooks, rotateWebhookSecret } from "./webhooks.js";
import { listTools, listWorkers } from "./workers.js";

export { BlockedTools } from "./blocked-tools.js";
export type { RequestContext } from "./context.js";
export { Fleet } from "./fleet.js";
export { requireKnown, requireRole } from "./permission.js";
export { noteOwnRefusal } from "./refused.js";

/** Carries out one method: the bytes of its request in, those of its response out. */
export type Carrier = (context: RequestContext, body: Uint8Array) => Promise<Uint8Array>;

function carry<I extends DescMessage, O extends DescMessage>(
  input: I,
  output: O,
  carryOut: (context: RequestContext, request: MessageShape<I>) => Promise<MessageShape<O>>,
): Carrier {
  return async (context, body) => toBinary(output, await carryOut(context, fromBinary(input, body)));
}

function method<I extends DescMessage, O extends DescMessage>(
  { parent, name, input, output }: DescMethod & { input: I; output: O },
  carryOut: (context: RequestContext, request: MessageShape<I>) => Promise<MessageShape<O>>,
): readonly [string, Carrier] {
  const called = `${parent.name}/${name}`;
  const spoken = carry(input, output, (context, request) => {
    requireSpeaker(called, context.caller, request);
    return carryOut(context, request);
  });
  return [called, spoken];
}

export const methods: Readonly<Record<string, Carrier>> = Object.fromEntries([
  method(RunService.method.start, start),
  method(RunService.method.getStatus, getStatus),
  method(RunService.method.approve, approve),
  method(RunService.method.reject, reject),
  method(RunService.method.respond, respond),
  method(RunService.method.settle, settle),
  method(RunService.method.cancel, cancel),
  method(RunService.method.pause, pause),
  method(RunService.method.resume, resume),
  method(RunService.method.listRuns, listRuns),
  method(RunService.method.getHistory, getHistory),
  method(ApprovalService.method.listApprovals, listApprovals),
  method(ApprovalService.method.getApproval, getApproval),
  method(ApprovalService.method.createDecisionLink, createDecisionLink),
  method(AuditService.method.listAudit, listAudit),
  method(AgentService.method.putAgent, putAgent),
  method(AgentService.method.getAgent, getAgent),
  method(AgentService.method.listAgents, listAgents),
  method(AgentService.method.listAgentVersions, listAgentVersions),
  method(WorkerService.method.listWorkers, listWorkers),
  method(WorkerService.method.listTools, listTools),
  // The gateway, which made the secret, sends what is to be stored in place of the public request.
  ["KeyService/CreateKey", carry(PutKeyRequestSchema, PutKeyResponseSchema, createKey)],
  method(GrantService.method.createGrant, createGrant),
  method(GrantService.method.getGrant, getGrant),
  method(GrantService.method.listGrants, listGrants),
  method(GrantService.method.revokeGrant, revokeGrant),
  method(WebhookService.method.createWebhook, createWebhook),
  method(WebhookService.method.listWebhooks, listWebhooks),
  method(WebhookService.method.deleteWebhook, deleteWebhook),
  method(WebhookService.method.rotateWebhookSecret, rotateWebhookSecret),
  method(WebhookService.method.listDeliveries, listDeliveries),
  method(WebhookService.method.replayDelivery, replayDelivery),
  method(WebhookService.method.replayDeadDeliveries, replayDeadDeliveries),
  method(KeyService.method.listKeys, listKeys),
  method(KeyService.method.revokeKey, revokeKey),
  ["Internal/NoteRefusal", carry(NoteRefusalRequestSchema, NoteRefusalResponseSchema, noteGatewaysRefusal)],
  ["Internal/VerifyKey", carry(VerifyKeyRequestSchema, VerifyKeyResponseSchema, verifyKey)],
  // Between our own processes: a gateway asks where the runs and the checkpoints stand that are watched.
  ["Internal/ApprovalChanges", carry(ApprovalChangesRequestSchema, ApprovalChangesResponseSchema, approvalChanges)],
  ["Internal/Sequences", carry(SequencesRequestSchema, SequencesResponseSchema, sequences)],
]);
