// What an orchestrator makes of requests about webhooks.
import {
  CreateWebhookRequestSchema as Create,
  type CreateWebhookRequestSchema,
  DeliveryState,
  ListWebhooksRequestSchema as List,
  ListDeliveriesRequestSchema as ListDeliveries,
  WebhookEvent,
} from "@agentspan/proto";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { MemoryStore } from "../../src/memory/memory-store.js";
import type { Delivery } from "../../src/ports.js";
import type { RequestContext } from "../../src/requests/context.js";
import { listDeliveries, replayDeadDeliveries, replayDelivery } from "../../src/requests/deliveries.js";
import { createWebhook, deleteWebhook, listWebhooks, rotateWebhookSecret } from "../../src/requests/webhooks.js";
import { SIGNING } from "./webhook-desk.js";

const HOUR_MS = 3_600_000;

function office(refuse: (url: string) => string | undefined = () => undefined) {
  const store = new MemoryStore();
  const time = { now: Date.UTC(2026, 0, 1) };
  const said = { changed: 0, due: 0 };
  const context = (namespace = "default", subject = "ana") =>
    ({
      ...{ store, clock: { now: () => time.now }, namespace, signing: SIGNING, caller: { subject } },
      log: { warn: () => undefined, error: () => undefined },
      webhooks: {
        problem: async (url: string) => refuse(url),
        changed: async () => {
          said.changed += 1;
        },
        due: () => {
          said.due += 1;
        },
      },
    }) as unknown as RequestContext;
  const make = (more: MessageInitShape<typeof CreateWebhookRequestSchema> = {}, namespace?: string, who?: string) =>
    createWebhook(context(namespace, who), create(Create, { url: "https://hooks.acme.test", ...more }));
  return { store, time, said, context, make };
}

function delivery(webhookId: string, more: Partial<Delivery> = {}): Delivery {
  const base = {
    deliveryId: "msg_1",
    webhookId,
    namespace: "default",
    runId: "run_a",
    sequence: 4,
    body: "{}",
  } as const;
  const state = { state: "DEAD", attempts: 10, attemptsBefore: 0, endedAt: 9, lastError: "it answered 500" } as const;
  return { ...base, event: "WAITING", at: 5, ...state, lastStatus: 500, ...more };
}

describe("a webhook", () => {
  it("is made once by one key, and its secret is told for an hour", async () => {
    const { make, time, said } = office();
    const asked = { idempotencyKey: "k", events: [WebhookEvent.WAITING], description: "chat" };
    const { webhook, secret } = await make(asked);
    expect(secret).toMatch(/^whsec_[\w+/]{43}=$/);
    expect(webhook).toMatchObject({ url: "https://hooks.acme.test/", createdBy: "ana", description: "chat" });
    expect(said.changed).toBe(1);
    time.now += HOUR_MS;
    expect(await make(asked)).toMatchObject({ webhook: { webhookId: webhook?.webhookId }, secret });
    time.now += 1;
    expect((await make(asked)).secret).toBe("");
    const reused = { reason: "IDEMPOTENCY_KEY_REUSED" };
    await expect(make({ ...asked, description: "other" })).rejects.toMatchObject(reused);
    await expect(make(asked, undefined, "noah")).rejects.toMatchObject(reused);
    expect((await make(asked, "elsewhere")).webhook?.webhookId).not.toBe(webhook?.webhookId);
  });

  it("is none to an address that nothing may be sent to, or where nothing is sent", async () => {
    const { make, store, context } = office(() => "its host is at 10.0.0.1");
    await expect(make()).rejects.toMatchObject({ reason: "INVALID_REQUEST", fields: [{ field: "url" }] });
    expect(await store.allWebhooks()).toEqual([]);
    const bare = { ...context(), webhooks: undefined };
    await expect(createWebhook(bare, create(Create, { url: "https://x.test/" }))).rejects.toMatchObject({
      reason: "UNIMPLEMENTED",
    });
  });

  it("is one of a hundred at most, and nobody's of another namespace", async () => {
    const { make, context, said } = office();
    const [first] = await Promise.all(Array.from({ length: 100 }, () => make()));
    await expect(make()).rejects.toMatchObject({ reason: "LIMIT_EXCEEDED", metadata: { limit: "webhooks" } });
    const { webhookId = "" } = first?.webhook ?? {};
    const other = context("elsewhere");
    const gone = { reason: "WEBHOOK_NOT_FOUND" };
    const id = { $typeName: "agentspan.v1.DeleteWebhookRequest", webhookId } as const;
    await expect(deleteWebhook(other, id)).rejects.toMatchObject(gone);
    const rotate = { $typeName: "agentspan.v1.RotateWebhookSecretRequest", webhookId } as const;
    await expect(rotateWebhookSecret(other, rotate)).rejects.toMatchObject(gone);
    await expect(listDeliveries(other, create(ListDeliveries, { webhookId }))).rejects.toMatchObject(gone);
    expect((await listWebhooks(other, create(List))).webhooks).toEqual([]);
    await deleteWebhook(context(), id);
    await expect(deleteWebhook(context(), id)).rejects.toMatchObject(gone);
    expect(said.changed).toBe(101);
  });

  it("has a new secret beside the one before, so many a day, and none where somebody changed its row", async () => {
    const { make, context, store, time } = office();
    const { webhook, secret: first } = await make();
    const { webhookId = "" } = webhook ?? {};
    const request = { $typeName: "agentspan.v1.RotateWebhookSecretRequest", webhookId } as const;
    const rotated = await rotateWebhookSecret(context(), request);
    const stored = async () => (await store.getWebhook(webhookId))?.secrets ?? [];
    expect((await stored()).map(({ text }) => text)).toEqual([first, rotated.secret]);
    expect((await listWebhooks(context(), create(List))).webhooks).toMatchObject([{ problem: "" }]);
    for (let more = 2; more < 8; more += 1) await rotateWebhookSecret(context(), request);
    await expect(rotateWebhookSecret(context(), request)).rejects.toMatchObject({ reason: "LIMIT_EXCEEDED" });
    time.now += 24 * HOUR_MS;
    await rotateWebhookSecret(context(), request);
    expect(await stored()).toHaveLength(2);

    const row = await store.getWebhook(webhookId);
    if (row === undefined) throw new Error("It is there.");
    store.database.webhooks.webhooks.set(webhookId, { ...row, url: "https://evil.test/" });
    await expect(rotateWebhookSecret(context(), request)).rejects.toMatchObject({ reason: "INVALID_REQUEST" });
    const { webhooks } = await listWebhooks(context(), create(List));
    expect(webhooks[0]?.problem).toMatch(/^the signature of key \w+ is not of what it says$/);
  });
});

describe("deliveries", () => {
  const replay = (deliveryId: string) => ({ $typeName: "agentspan.v1.ReplayDeliveryRequest", deliveryId }) as const;

  it("are listed by state, and sent again where they have ended", async () => {
    const { make, context, store, said } = office();
    const { webhookId = "" } = (await make()).webhook ?? {};
    await store.putDeliveries([delivery(webhookId), delivery(webhookId, { deliveryId: "msg_2", at: 6 })]);
    const list = async (...states: DeliveryState[]) =>
      (await listDeliveries(context(), create(ListDeliveries, { webhookId, states }))).deliveries;
    expect(await list(DeliveryState.PENDING)).toEqual([]);
    const [newest] = await list(DeliveryState.DEAD);
    expect(newest).toMatchObject({ deliveryId: "msg_2", sequence: 4n, attempts: 10, lastStatus: 500 });
    const again = await replayDelivery(context(), replay("msg_1"));
    expect(again.delivery).toMatchObject({ state: DeliveryState.PENDING, attempts: 10 });
    const dead = { $typeName: "agentspan.v1.ReplayDeadDeliveriesRequest", webhookId } as const;
    expect((await replayDeadDeliveries(context(), dead)).replayed).toBe(1);
    expect(said.due).toBe(2);
    expect(await list(DeliveryState.PENDING)).toHaveLength(2);
  });

  it("are nobody's of another namespace, and are not sent again to a webhook that is stopped", async () => {
    const { make, context, store } = office();
    const { webhookId = "" } = (await make()).webhook ?? {};
    await store.putDeliveries([delivery(webhookId)]);
    const gone = { reason: "DELIVERY_NOT_FOUND" };
    await expect(replayDelivery(context("elsewhere"), replay("msg_1"))).rejects.toMatchObject(gone);
    await expect(replayDelivery(context(), replay("msg_9"))).rejects.toMatchObject(gone);
    await store.stopWebhook(webhookId, { at: 1, why: "its receiver answered 410 Gone" });
    const stopped = { reason: "INVALID_REQUEST", message: expect.stringContaining("410 Gone") };
    await expect(replayDelivery(context(), replay("msg_1"))).rejects.toMatchObject(stopped);
  });
});
