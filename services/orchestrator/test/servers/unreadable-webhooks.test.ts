// Webhooks and deliveries in a real database, in which somebody has put what no orchestrator writes.
import { createLogger, newId } from "@agentspan/internal";
import type { Document, MongoClient, ObjectId } from "mongodb";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { MongoStore } from "../../src/mongo/mongo-store.js";
import type { Delivery, Webhook } from "../../src/ports.js";
import { openSpoiltStore, rowByRow, type SpoiltStore } from "./spoilt-store.js";

const DATABASE = "unreadable-webhooks";
const SECRET = "what nobody is to read in a log";

let opened: SpoiltStore;
let store: MongoStore;
let direct: MongoClient;
let namespace: string;
const lines: Record<string, unknown>[] = [];

beforeAll(async () => {
  const logger = createLogger("store", "info", { write: (line) => void lines.push(JSON.parse(line)) });
  opened = await openSpoiltStore(DATABASE, logger);
  ({ store, direct } = opened);
});
afterAll(() => opened?.stop());
beforeEach(() => {
  namespace = newId("ns");
  lines.length = 0;
});

const rowsOf = (collection: string) =>
  direct.db(DATABASE).collection<{ _id: string | ObjectId } & Document>(collection);
const spoil = (collection: string, _id: string, change: Document) => rowsOf(collection).updateOne({ _id }, change);
const told = () => lines.map(({ collection, row, place }) => [collection, row, place]);

describe("a webhook", () => {
  const put = async (createdAt: number): Promise<Webhook> => {
    const webhook: Webhook = {
      ...{
        webhookId: newId("whk"),
        namespace,
        url: "https://a.test/",
        events: ["WAITING"],
        agentName: "",
        toolName: "",
      },
      ...{ includeArguments: false, description: "", createdAt, createdBy: "root", requestDigest: "d" },
      ...{ secrets: [{ text: "whsec_YQ==", since: 1 }], revision: 1, changedAt: createdAt },
    };
    await store.putWebhook(webhook);
    return webhook;
  };

  it.each<[string, Document, string]>([
    ["no address", { $unset: { url: "" } }, "url"],
    ["an event that is none", { $set: { events: ["WAITING", SECRET] } }, "events[1]"],
    ["no secret", { $set: { secrets: [] } }, "secrets"],
    ["a secret that is none", { $set: { "secrets.0.text": { $gt: SECRET } } }, "secrets[0].text"],
    ["a text for whether it has arguments", { $set: { includeArguments: SECRET } }, "includeArguments"],
    ["a seal that is none", { $set: { seal: SECRET } }, "seal"],
    ["a text for its beginning", { $set: { createdAt: SECRET } }, "createdAt"],
  ])("with %s is sent nothing, and lists have the others", async (_, change, place) => {
    const [one, two, three] = [await put(1), await put(2), await put(3)];
    await spoil("webhooks", two.webhookId, change);
    expect(await rowByRow((page) => store.listWebhooks({ namespace, ...page }))).toEqual([three, one]);
    expect((await store.allWebhooks()).filter((webhook) => webhook.namespace === namespace)).toEqual([one, three]);
    await expect(store.getWebhook(two.webhookId)).rejects.toMatchObject({
      reason: "ROW_UNREADABLE",
      metadata: { place },
    });
    expect(told()).toContainEqual(["webhooks", two.webhookId, place]);
    expect(JSON.stringify(lines)).not.toContain(SECRET);
    await store.deleteWebhook(namespace, two.webhookId);
  });
});

describe("a delivery", () => {
  const put = async (webhookId: string, dueAt: number): Promise<Delivery> => {
    const delivery: Delivery = {
      ...{ deliveryId: newId("msg"), webhookId, namespace, runId: "run_a", sequence: 4, event: "WAITING", at: dueAt },
      ...{ body: "{}", state: "PENDING", attempts: 0, attemptsBefore: 0, dueAt },
    };
    await store.putDeliveries([delivery]);
    return delivery;
  };

  it.each<[string, Document, string]>([
    ["no text", { $unset: { body: "" } }, "body"],
    ["a text for its attempts", { $set: { attempts: SECRET } }, "attempts"],
    ["a webhook that is none", { $set: { webhookId: { $gt: SECRET } } }, "webhookId"],
    ["an event that is none", { $set: { event: SECRET } }, "event"],
  ])("with %s is not sent, and holds up none of the others", async (_, change, place) => {
    const webhookId = newId("whk");
    const [one, two, three] = [await put(webhookId, 1), await put(webhookId, 2), await put(webhookId, 3)];
    await spoil("webhookDeliveries", two.deliveryId, change);
    await expect(store.getDelivery(two.deliveryId)).rejects.toMatchObject({
      reason: "ROW_UNREADABLE",
      metadata: { place },
    });
    const due = (await store.dueDeliveries(5, 100, [])).filter((found) => found.webhookId === webhookId);
    expect(due.map(({ deliveryId }) => deliveryId)).toEqual(expect.arrayContaining([one.deliveryId, three.deliveryId]));
    expect(await rowByRow((page) => store.listDeliveries({ webhookId, states: [], ...page }))).toEqual([three, one]);
    expect(JSON.stringify(lines)).not.toContain(SECRET);
    await store.deleteWebhook(namespace, webhookId);
  });
});
