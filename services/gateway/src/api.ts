// Every method of the gateway, once for all protocols and both ports.
import { errorDetails, health } from "@agentspan/internal";
import {
  AgentService,
  ApprovalService,
  AuditService,
  GrantService,
  IdentityService,
  KeyService,
  RunService,
  WebhookService,
  WorkerService,
} from "@agentspan/proto";
import { attempt } from "./auth/refused-attempt.js";
import { approve } from "./handlers/approve.js";
import { cancel } from "./handlers/cancel.js";
import { createDecisionLink } from "./handlers/create-decision-link.js";
import { createGrant } from "./handlers/create-grant.js";
import { createKey } from "./handlers/create-key.js";
import { createWebhook } from "./handlers/create-webhook.js";
import { deleteWebhook } from "./handlers/delete-webhook.js";
import type { HandlerDeps } from "./handlers/deps.js";
import { exportAudit } from "./handlers/export-audit.js";
import { getAgent } from "./handlers/get-agent.js";
import { getApproval } from "./handlers/get-approval.js";
import { getGrant } from "./handlers/get-grant.js";
import { getHistory } from "./handlers/get-history.js";
import { getStatus } from "./handlers/get-status.js";
import { healthMethods } from "./handlers/health.js";
import { listAgentVersions } from "./handlers/list-agent-versions.js";
import { listAgents } from "./handlers/list-agents.js";
import { listApprovals } from "./handlers/list-approvals.js";
import { listAudit } from "./handlers/list-audit.js";
import { listDeliveries } from "./handlers/list-deliveries.js";
import { listGrants } from "./handlers/list-grants.js";
import { listKeys } from "./handlers/list-keys.js";
import { listRuns } from "./handlers/list-runs.js";
import { listTools } from "./handlers/list-tools.js";
import { listWebhooks } from "./handlers/list-webhooks.js";
import { listWorkers } from "./handlers/list-workers.js";
import { pause } from "./handlers/pause.js";
import { putAgent } from "./handlers/put-agent.js";
import { REFLECTION_SERVICES, reflectionMethods } from "./handlers/reflection.js";
import { reject } from "./handlers/reject.js";
import { replayDeadDeliveries } from "./handlers/replay-dead-deliveries.js";
import { replayDelivery } from "./handlers/replay-delivery.js";
import { respond } from "./handlers/respond.js";
import { resume } from "./handlers/resume.js";
import { revokeGrant } from "./handlers/revoke-grant.js";
import { revokeKey } from "./handlers/revoke-key.js";
import { rotateWebhookSecret } from "./handlers/rotate-webhook-secret.js";
import { settle } from "./handlers/settle.js";
import { start } from "./handlers/start.js";
import { streamEvents } from "./handlers/stream-events.js";
import { watchApprovals } from "./handlers/watch-approvals.js";
import { whoAmI } from "./handlers/who-am-i.js";
import { type Method, serverStreaming, unary } from "./method.js";
import type { Readiness } from "./readiness.js";

/** What errors are told with. */
const ERROR_DETAILS = [errorDetails.ErrorInfoSchema, errorDetails.BadRequestSchema, errorDetails.RetryInfoSchema];

export interface ApiDeps extends HandlerDeps {
  readonly readiness: Readiness;
}

export function api(deps: ApiDeps): readonly Method[] {
  const run = RunService.method;
  const agent = AgentService.method;
  const approval = ApprovalService.method;
  const grant = GrantService.method;
  const key = KeyService.method;
  const audit = AuditService.method;
  const webhook = WebhookService.method;
  const worker = WorkerService.method;
  const services = [
    ...[AgentService, RunService, ApprovalService, GrantService, KeyService, AuditService, WebhookService],
    ...[WorkerService, IdentityService],
  ];
  return [
    unary(run.start, start(deps)),
    unary(run.getStatus, getStatus(deps)),
    serverStreaming(run.streamEvents, streamEvents(deps)),
    attempt(run.approve, approve(deps), deps),
    attempt(run.reject, reject(deps), deps),
    attempt(run.respond, respond(deps), deps),
    attempt(run.settle, settle(deps), deps),
    unary(run.cancel, cancel(deps)),
    unary(run.pause, pause(deps)),
    unary(run.resume, resume(deps)),
    unary(run.listRuns, listRuns(deps)),
    unary(run.getHistory, getHistory(deps)),
    unary(agent.putAgent, putAgent(deps)),
    unary(agent.getAgent, getAgent(deps)),
    unary(agent.listAgents, listAgents(deps)),
    unary(agent.listAgentVersions, listAgentVersions(deps)),
    unary(worker.listWorkers, listWorkers(deps)),
    unary(worker.listTools, listTools(deps)),
    unary(IdentityService.method.whoAmI, whoAmI()),
    unary(approval.listApprovals, listApprovals(deps)),
    unary(approval.getApproval, getApproval(deps)),
    serverStreaming(approval.watchApprovals, watchApprovals(deps)),
    attempt(approval.createDecisionLink, createDecisionLink(deps), deps),
    attempt(grant.createGrant, createGrant(deps), deps),
    unary(grant.getGrant, getGrant(deps)),
    unary(grant.listGrants, listGrants(deps)),
    attempt(grant.revokeGrant, revokeGrant(deps), deps),
    attempt(key.createKey, createKey(deps), deps),
    unary(key.listKeys, listKeys(deps)),
    attempt(key.revokeKey, revokeKey(deps), deps),
    attempt(webhook.createWebhook, createWebhook(deps), deps),
    unary(webhook.listWebhooks, listWebhooks(deps)),
    attempt(webhook.deleteWebhook, deleteWebhook(deps), deps),
    attempt(webhook.rotateWebhookSecret, rotateWebhookSecret(deps), deps),
    unary(webhook.listDeliveries, listDeliveries(deps)),
    unary(webhook.replayDelivery, replayDelivery(deps)),
    unary(webhook.replayDeadDeliveries, replayDeadDeliveries(deps)),
    unary(audit.listAudit, listAudit(deps)),
    serverStreaming(audit.exportAudit, exportAudit(deps)),
    ...healthMethods(
      deps.readiness,
      services.map(({ typeName }) => typeName),
    ),
    ...reflectionMethods([...services, health.Health, ...REFLECTION_SERVICES], ERROR_DETAILS),
  ];
}
