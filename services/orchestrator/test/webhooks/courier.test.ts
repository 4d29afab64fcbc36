// How deliveries are sent: signed, again until they are taken, by one at a time, and to nobody else.
import { AgentspanError } from "@agentspan/internal";
import { eventually } from "@agentspan/servers/eventually";
import { Webhook as Verifier } from "standardwebhooks";
import { describe, expect, it } from "vitest";
import type { Delivery, PostAnswer } from "../../src/ports.js";
import { retryAfter } from "../../src/webhooks/retries.js";
import { sealedWebhook } from "../../src/webhooks/seals.js";
import { BOTH_SECRETS_MS, rotated } from "../../src/webhooks/secrets.js";
import { notifierAt, PAID, paid, SIGNING, WebhookScene } from "./webhook-desk.js";

const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const SECOND_MS = 1_000;

/** Whether what became of the last attempt is stored: until then it is due when another may take it. */
function isSaid({ dueAt, lastAttemptAt = 0 }: Delivery): boolean {
  return dueAt !== lastAttemptAt + 30 * SECOND_MS;
}

/** Three deliveries that were tried once, of a receiver that answers so. */
async function tried(answer: (url: string) => PostAnswer | Promise<PostAnswer>) {
  const scene = new WebhookScene();
  const desk = scene.desk();
  const webhook = scene.webhook();
  scene.posts.answer = ({ url }) => answer(url);
  const notifier = notifierAt(desk, scene);
  await paid(desk, "run_a");
  await notifier.look();
  await eventually(() => expect(scene.posts.posts).toHaveLength(3));
  const settled = (of: (delivery: Delivery) => boolean) =>
    eventually(() => expect(scene.deliveries.filter((one) => isSaid(one) && of(one))).toHaveLength(3));
  return { scene, desk, webhook, notifier, settled };
}

describe("a delivery", () => {
  it("is signed with its id and time, and taken once it is answered", async () => {
    const { scene, settled } = await tried(() => ({ kind: "answered", status: 200 }));
    await settled(({ state, lastStatus }) => state === "DELIVERED" && lastStatus === 200);
    for (const { headers } of scene.posts.posts) {
      expect(headers["webhook-id"]).toMatch(/^msg_/);
      expect(headers["webhook-timestamp"]).toBe(String(scene.now / 1_000));
      expect(headers["webhook-signature"]).toMatch(/^v1,[\w+/=]+$/);
    }
    expect(scene.posts.told).toEqual(PAID);
  });

  it("is sent again with the same id and text, ever later, until it is taken", async () => {
    let status = 500;
    const { scene, notifier, settled } = await tried(() => ({ kind: "answered", status }));
    await settled(({ state, attempts, lastStatus }) => state === "PENDING" && attempts === 1 && lastStatus === 500);
    notifier.due();
    scene.now += 5 * SECOND_MS - 1;
    notifier.due();
    await new Promise((resolve) => setImmediate(resolve));
    expect(scene.posts.posts).toHaveLength(3);
    status = 204;
    scene.now += 2 * SECOND_MS;
    notifier.due();
    await settled(({ state, attempts }) => state === "DELIVERED" && attempts === 2);
    const ids = scene.posts.posts.map(({ headers, body }) => `${headers["webhook-id"]} ${body}`);
    expect(new Set(ids).size).toBe(3);
  });

  it("is dead after ten attempts, and is sent again where somebody says so", async () => {
    const { scene, desk, webhook, notifier, settled } = await tried(() => ({ kind: "failed", why: "no connection" }));
    for (let attempt = 2; attempt <= 10; attempt += 1) {
      await settled(({ attempts, lastError }) => attempts === attempt - 1 && lastError === "no connection");
      scene.now += 30 * 3_600 * SECOND_MS;
      notifier.due();
    }
    await settled(({ state, endedAt }) => state === "DEAD" && endedAt === scene.now);
    scene.posts.answer = () => ({ kind: "answered", status: 204 });
    expect(await desk.store.replayDead(webhook.webhookId, scene.now)).toBe(3);
    notifier.due();
    await settled(
      ({ state, attempts, attemptsBefore }) => state === "DELIVERED" && attempts === 11 && attemptsBefore === 10,
    );
  });

  it("is sent again later where its receiver asks for that, and never where that is gone", async () => {
    const asked = await tried(() => ({ kind: "answered", status: 429, retryAfterMs: 60 * SECOND_MS }));
    await asked.settled(({ dueAt = 0, attempts }) => attempts === 1 && dueAt >= asked.scene.now + 60 * SECOND_MS);
    const other = await tried(() => ({ kind: "answered", status: 500, retryAfterMs: 60 * SECOND_MS }));
    await other.settled(({ dueAt = 0, lastStatus }) => lastStatus === 500 && dueAt < other.scene.now + 10 * SECOND_MS);

    const { scene, desk, webhook, notifier, settled } = await tried(() => ({ kind: "answered", status: 410 }));
    await settled(({ state }) => state === "DEAD");
    await eventually(async () =>
      expect((await desk.store.getWebhook(webhook.webhookId))?.stopped?.why).toBe("its receiver answered 410 Gone"),
    );
    await paid(desk, "run_b");
    scene.now += 10 * SECOND_MS;
    expect(await notifier.look()).toBe(0);
  });

  it("holds up none of another webhook whose receiver is quick", async () => {
    const scene = new WebhookScene();
    const desk = scene.desk();
    const [slow, quick] = [scene.webhook({ url: "https://slow.test/" }), scene.webhook({ url: "https://quick.test/" })];
    let release = (): void => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    scene.posts.answer = async ({ url }) => {
      if (url === slow.url) await held;
      return { kind: "answered", status: 204 };
    };
    const notifier = notifierAt(desk, scene);
    for (let run = 0; run < 40; run += 1) await paid(desk, `run_${run}`);
    await notifier.look();
    const taken = (of: string) => scene.deliveries.filter((one) => one.webhookId === of && one.state === "DELIVERED");
    await eventually(() => expect(taken(quick.webhookId)).toHaveLength(120));
    expect(scene.posts.posts.filter(({ url }) => url === slow.url)).toHaveLength(8);
    release();
    await eventually(() => expect(taken(slow.webhookId)).toHaveLength(120));
  });

  it("is another's once whoever has it must be gone, and what that says of it later is not heard", async () => {
    let release = (): void => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    let first = true;
    const { scene, notifier, settled } = await tried(async () => {
      if (first) await held;
      return { kind: "answered", status: first ? 500 : 204 };
    });
    const next = notifierAt(scene.desk("orc_2"), scene);
    await next.look();
    await new Promise((resolve) => setImmediate(resolve));
    expect(scene.posts.posts).toHaveLength(3);
    first = false;
    scene.now += 31 * SECOND_MS;
    next.due();
    await settled(({ state, attempts }) => state === "DELIVERED" && attempts === 2);
    release();
    await notifier.stop();
    await settled(({ state, lastStatus }) => state === "DELIVERED" && lastStatus === 204);
  });

  it("that somebody wrote into the database or changed there is not sent", async () => {
    const { scene, webhook, notifier, settled } = await tried(() => ({ kind: "answered", status: 500 }));
    await settled(({ attempts, lastStatus }) => attempts === 1 && lastStatus === 500);
    const { deliveries } = scene.database.webhooks;
    const [one, two, three] = [...deliveries.values()];
    if (one === undefined || two === undefined || three === undefined) throw new Error("There are three.");
    const { seal: _, ...unsealed } = one;
    deliveries.set(one.deliveryId, { ...unsealed, body: "{}" });
    deliveries.set(two.deliveryId, { ...two, body: two.body.replace("run_a", "run_b") });
    const stranger = sealedWebhook({ ...webhook, webhookId: "whk_x", url: "https://evil.test/" }, SIGNING);
    scene.change(stranger, {});
    deliveries.set(three.deliveryId, { ...three, webhookId: "whk_x" });
    scene.now += 10 * SECOND_MS;
    notifier.due();
    const refused = "it is not believed, because";
    await settled(({ state, lastError = "" }) => state === "DEAD" && lastError.startsWith(refused));
    expect(scene.posts.posts).toHaveLength(3);
  });

  it("whose row cannot be read is dead, and the others are sent", async () => {
    const { scene, desk, notifier, settled } = await tried(() => ({ kind: "answered", status: 500 }));
    await settled(({ attempts, lastStatus }) => attempts === 1 && lastStatus === 500);
    const { getDelivery } = desk.store;
    let left = 1;
    desk.store.getDelivery = async (deliveryId) => {
      left -= 1;
      if (left < 0) return getDelivery.call(desk.store, deliveryId);
      throw new AgentspanError("ROW_UNREADABLE", "It cannot be read.");
    };
    scene.posts.answer = () => ({ kind: "answered", status: 204 });
    scene.now += 10 * SECOND_MS;
    notifier.due();
    await settled(({ state }) => state !== "PENDING");
    expect(scene.deliveries.map(({ state }) => state).sort()).toEqual(["DEAD", "DELIVERED", "DELIVERED"]);
  });

  it("is not sent where its webhook was taken away", async () => {
    const scene = new WebhookScene();
    const desk = scene.desk();
    const webhook = scene.webhook();
    const notifier = notifierAt(desk, scene);
    await notifier.changed();
    await paid(desk, "run_a");
    desk.store.beforeNext("putDeliveries", () => scene.database.webhooks.webhooks.delete(webhook.webhookId));
    await notifier.look();
    await eventually(() => expect(scene.deliveries.filter(({ state }) => state === "DEAD")).toHaveLength(3));
    expect(scene.posts.posts).toEqual([]);
  });
});

describe("a secret that was changed", () => {
  it("signs beside the one before for a day, and alone after it", async () => {
    const { scene, desk, webhook, notifier, settled } = await tried(() => ({ kind: "answered", status: 500 }));
    await settled(({ attempts, lastStatus }) => attempts === 1 && lastStatus === 500);
    const now = Date.now();
    scene.now = now;
    const secrets = rotated(webhook, now);
    const { seal: _, ...kept } = webhook;
    const changed = sealedWebhook({ ...kept, secrets, revision: 2, changedAt: now }, SIGNING);
    expect(await desk.store.replaceWebhook(changed)).toBe(true);
    scene.posts.posts.length = 0;
    notifier.due();
    await eventually(() => expect(scene.posts.posts).toHaveLength(3));
    for (const { headers, body } of scene.posts.posts) {
      expect(headers["webhook-signature"]?.split(" ")).toHaveLength(2);
      for (const text of [SECRET, secrets.at(-1)?.text ?? ""]) {
        expect(new Verifier(text).verify(body, { ...headers })).toEqual(JSON.parse(body));
      }
      expect(() => new Verifier("whsec_bm90IGl0").verify(body, { ...headers })).toThrow();
    }
    await settled(({ attempts, lastStatus }) => attempts === 2 && lastStatus === 500);
    scene.posts.posts.length = 0;
    scene.now += BOTH_SECRETS_MS;
    notifier.due();
    await eventually(() => expect(scene.posts.posts).toHaveLength(3));
    for (const { headers } of scene.posts.posts) expect(headers["webhook-signature"]?.split(" ")).toHaveLength(1);
  });
});

it("retries come as the specification suggests, up to a fifth later", () => {
  const minutes = Array.from({ length: 10 }, (_, failed) => {
    const ms = retryAfter(failed + 1, 0);
    return ms === undefined ? undefined : ms / 60_000;
  });
  expect(minutes).toEqual([5 / 60, 5, 30, 120, 300, 600, 840, 1_200, 1_440, undefined]);
  expect(retryAfter(1, 1)).toBe(6_000);
  expect(retryAfter(1, 0, 90_000)).toBe(90_000);
  expect(retryAfter(1, 0, 1e12)).toBe(24 * 3_600_000);
});
