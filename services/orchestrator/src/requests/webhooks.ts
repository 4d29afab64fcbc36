// CreateWebhook, ListWebhooks, DeleteWebhook and RotateWebhookSecret; what they are told is in deliveries.ts.
import { AgentspanError, canonicalJson, digestOf, faultPoint, Limits, newId, webhookIdOf } from "@agentspan/internal";
import {
  type CreateWebhookRequest,
  CreateWebhookRequestSchema,
  type CreateWebhookResponse,
  CreateWebhookResponseSchema,
  type DeleteWebhookRequest,
  type DeleteWebhookResponse,
  DeleteWebhookResponseSchema,
  type ListWebhooksRequest,
  type ListWebhooksResponse,
  ListWebhooksResponseSchema,
  type RotateWebhookSecretRequest,
  type RotateWebhookSecretResponse,
  RotateWebhookSecretResponseSchema,
  type Webhook as WebhookMessage,
  WebhookSchema,
} from "@agentspan/proto";
import { create, toJson } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { tellsPeople } from "../channels/addresses.js";
import { eventOf, publicEventOf } from "../encode/webhook-event.js";
import type { Webhook } from "../ports.js";
import { sealedWebhook, webhookProblem } from "../webhooks/seals.js";
import { goodSecrets, newSecret, rotated } from "../webhooks/secrets.js";
import type { RequestContext } from "./context.js";
import { pageSizeOf } from "./read.js";

/** How long the same request again is answered with the secret. */
const SECRET_SHOWN_MS = 60 * 60_000;
const MOST_TRIES = 8;

export async function createWebhook(
  context: RequestContext,
  request: CreateWebhookRequest,
): Promise<CreateWebhookResponse> {
  const { store, clock, namespace, caller, signing } = context;
  const { url, events, agentName, toolName, includeArguments, description, idempotencyKey } = request;
  await requireSendable(context, url);
  const now = Math.floor(clock.now());
  const webhookId = idempotencyKey === "" ? newId("whk") : webhookIdOf(namespace, idempotencyKey);
  const requestDigest = digestOfRequest(request, caller.subject);
  const known = await store.getWebhook(webhookId);
  if (known !== undefined) return answerAgain(context, known, requestDigest, now);
  await requireRoom(context);
  const made: Webhook = {
    ...{ webhookId, namespace, url: new URL(url).href, agentName, toolName, includeArguments, description },
    events: [...new Set(events.map(eventOf))],
    ...{ createdAt: now, createdBy: caller.subject, requestDigest },
    ...{ secrets: [newSecret(now)], revision: 1, changedAt: now },
  };
  faultPoint("orchestrator.before-webhook");
  const isNew = await store.putWebhook(sealedWebhook(made, signing));
  faultPoint("orchestrator.after-webhook");
  const stored = isNew ? made : await store.getWebhook(webhookId);
  if (stored === undefined) throw notFound(webhookId);
  await context.webhooks?.changed();
  return answerAgain(context, stored, requestDigest, now);
}

export async function listWebhooks(
  context: RequestContext,
  request: ListWebhooksRequest,
): Promise<ListWebhooksResponse> {
  const { store, namespace, signing, log } = context;
  const { pageToken } = request;
  const limit = pageSizeOf(request.pageSize, Limits.defaultPageSize);
  const page = await store.listWebhooks({ namespace, limit, ...(pageToken === "" ? {} : { pageToken }) });
  const webhooks = page.items.map((webhook) => {
    const problem = webhookProblem(webhook, signing);
    if (problem === undefined) return encodeWebhook(webhook);
    log.warn({ webhookId: webhook.webhookId, problem }, "A stored webhook is not believed, and is sent nothing");
    return encodeWebhook(webhook, problem);
  });
  return create(ListWebhooksResponseSchema, { webhooks, nextPageToken: page.nextPageToken ?? "" });
}

export async function deleteWebhook(
  context: RequestContext,
  { webhookId }: DeleteWebhookRequest,
): Promise<DeleteWebhookResponse> {
  if (!(await context.store.deleteWebhook(context.namespace, webhookId))) throw notFound(webhookId);
  await context.webhooks?.changed();
  return create(DeleteWebhookResponseSchema, {});
}

export async function rotateWebhookSecret(
  context: RequestContext,
  { webhookId }: RotateWebhookSecretRequest,
): Promise<RotateWebhookSecretResponse> {
  const { store, clock, signing } = context;
  for (let tries = 1; tries <= MOST_TRIES; tries += 1) {
    const webhook = await readWebhook(context, webhookId);
    const problem = webhookProblem(webhook, signing);
    // Sealing it anew would make good what somebody put there.
    if (problem !== undefined) throw notBelieved(webhookId, problem);
    if (tellsPeople(webhook.url)) throw withoutSecret(webhookId);
    const now = Math.floor(clock.now());
    const secrets = rotated(webhook, now);
    if (secrets.length > Limits.webhookSecrets) {
      throw new AgentspanError(
        "LIMIT_EXCEEDED",
        `Webhook ${webhookId} has had ${secrets.length - 1} secrets in a day.`,
        {
          metadata: { limit: "webhookSecrets", max: String(Limits.webhookSecrets) },
        },
      );
    }
    const { seal: _, ...kept } = webhook;
    const changed = { ...kept, secrets, revision: webhook.revision + 1, changedAt: now };
    if (!(await store.replaceWebhook(sealedWebhook(changed, signing)))) continue;
    await context.webhooks?.changed();
    const secret = secrets.at(-1)?.text ?? "";
    return create(RotateWebhookSecretResponseSchema, { webhook: encodeWebhook(changed), secret });
  }
  throw new AgentspanError("CONFLICT", `Webhook ${webhookId} is being changed by others all the time; try again.`, {
    retryAfterMs: 200,
  });
}

/** Rejects with WEBHOOK_NOT_FOUND, also for one of another namespace. */
export async function readWebhook({ store, namespace }: RequestContext, webhookId: string): Promise<Webhook> {
  const webhook = await store.getWebhook(webhookId);
  if (webhook?.namespace !== namespace) throw notFound(webhookId);
  return webhook;
}

function notFound(webhookId: string): AgentspanError {
  return new AgentspanError("WEBHOOK_NOT_FOUND", `There is no webhook ${webhookId} here.`);
}

function withoutSecret(webhookId: string): AgentspanError {
  return new AgentspanError(
    "INVALID_REQUEST",
    `Webhook ${webhookId} tells people, and has no secret to be verified with.`,
  );
}

function notBelieved(webhookId: string, problem: string): AgentspanError {
  const text = `Webhook ${webhookId} is not believed, because ${problem}. Take it away and make another.`;
  return new AgentspanError("INVALID_REQUEST", text);
}

async function requireSendable({ webhooks }: RequestContext, url: string): Promise<void> {
  if (webhooks === undefined) throw new AgentspanError("UNIMPLEMENTED", "This server sends no webhooks.");
  const problem = await webhooks.problem(url);
  if (problem === undefined) return;
  throw new AgentspanError("INVALID_REQUEST", `Nothing can be sent to this URL, because ${problem}.`, {
    fields: [{ field: "url", description: `cannot be sent to, because ${problem}` }],
  });
}

async function requireRoom({ store, namespace }: RequestContext): Promise<void> {
  const { items } = await store.listWebhooks({ namespace, limit: Limits.webhooks });
  if (items.length < Limits.webhooks) return;
  throw new AgentspanError(
    "LIMIT_EXCEEDED",
    `A namespace has at most ${Limits.webhooks} webhooks. Take one away first.`,
    {
      metadata: { limit: "webhooks", max: String(Limits.webhooks) },
    },
  );
}

function answerAgain(
  { namespace }: RequestContext,
  webhook: Webhook,
  requestDigest: string,
  now: number,
): CreateWebhookResponse {
  if (webhook.namespace !== namespace || webhook.requestDigest !== requestDigest) {
    throw new AgentspanError("IDEMPOTENCY_KEY_REUSED", "This idempotency key was used for another webhook.");
  }
  const [newest] = goodSecrets(webhook, now);
  const isTold = !tellsPeople(webhook.url) && now - webhook.createdAt <= SECRET_SHOWN_MS;
  const secret = isTold ? (newest?.text ?? "") : "";
  return create(CreateWebhookResponseSchema, { webhook: encodeWebhook(webhook), secret });
}

/** Of what was asked by whom, without its key. */
function digestOfRequest(request: CreateWebhookRequest, who: string): string {
  const asked = toJson(CreateWebhookRequestSchema, { ...request, idempotencyKey: "" });
  const canonical = canonicalJson(JSON.stringify({ who, asked }));
  if (canonical.ok) return digestOf(canonical.text);
  throw new AgentspanError("INVALID_REQUEST", `The request has no canonical form: ${canonical.problem}`);
}

function encodeWebhook(webhook: Webhook, problem = ""): WebhookMessage {
  const { webhookId, url, agentName, toolName, includeArguments, description, createdBy, stopped } = webhook;
  return create(WebhookSchema, {
    ...{ webhookId, url, agentName, toolName, includeArguments, description, createdBy, problem },
    events: webhook.events.map(publicEventOf),
    createdAt: timestampFromMs(webhook.createdAt),
    secretSince: timestampFromMs(webhook.secrets.at(-1)?.since ?? webhook.createdAt),
    ...(stopped === undefined ? {} : { stoppedAt: timestampFromMs(stopped.at), stoppedBecause: stopped.why }),
  });
}
