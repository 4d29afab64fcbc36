import { newId } from "@agentspan/internal";
import { describe, expect, it } from "vitest";
import type { Fact } from "../../../src/core/events.js";
import { CHANGEABLE_MS, type Delivery, type DeliveryListQuery, type Webhook } from "../../../src/ports.js";
import { close, end, following, gatedTurn, starting } from "./sample-runs.js";
import { loaded, type UseFixture } from "./store-fixture.js";

const AT = 1_800_000_000_000;

function webhook(more: Partial<Webhook> = {}): Webhook {
  return {
    webhookId: newId("whk"),
    namespace: newId("ns"),
    url: "https://hooks.acme.test/in?a=$b.c",
    events: ["WAITING", "ENDED"],
    agentName: "",
    toolName: "refund",
    includeArguments: true,
    description: "chat $ and .dots",
    createdAt: AT,
    createdBy: "ana",
    requestDigest: "sha256:d",
    secrets: [{ text: "whsec_YQ==", since: AT }],
    revision: 1,
    changedAt: AT,
    ...more,
  };
}

function delivery(webhookId: string, more: Partial<Delivery> = {}): Delivery {
  return {
    deliveryId: newId("msg"),
    webhookId,
    namespace: "default",
    runId: newId("run"),
    sequence: 3,
    event: "WAITING",
    at: AT,
    body: '{"$set":{"a.b":1}}',
    state: "PENDING",
    attempts: 0,
    attemptsBefore: 0,
    dueAt: AT,
    ...more,
  };
}

export function webhookContract(use: UseFixture): void {
  describe("webhooks", () => {
    it("are kept as they were put, once, and listed by namespace, the newest first", async () => {
      const { store } = use();
      const seal = { signingKeyId: "0123456789abcdef", signature: "c2ln" };
      const [one, two] = [webhook(), webhook({ seal, createdAt: AT + 1, stopped: { at: 7, why: "gone" } })];
      const three = { ...webhook({ createdAt: AT + 2 }), namespace: two.namespace };
      for (const each of [one, two, three]) expect(await store.putWebhook(each)).toBe(true);
      expect(await store.putWebhook({ ...one, url: "https://other.test/" })).toBe(false);
      const other = await use().connect();
      expect(await other.getWebhook(one.webhookId)).toEqual(one);
      expect(await other.getWebhook(two.webhookId)).toEqual(two);
      expect(await other.getWebhook(newId("whk"))).toBeUndefined();
      const first = await store.listWebhooks({ namespace: two.namespace, limit: 1 });
      expect(first.items).toEqual([three]);
      const pageToken = first.nextPageToken ?? "";
      expect((await store.listWebhooks({ namespace: two.namespace, limit: 1, pageToken })).items).toEqual([two]);
      const all = await store.allWebhooks();
      for (const each of [one, two, three]) expect(all).toContainEqual(each);
      await expect(store.listWebhooks({ namespace: "x", limit: 1, pageToken: "forged" })).rejects.toMatchObject({
        reason: "INVALID_REQUEST",
      });
    });

    it("are replaced in the revision after, and stopped once", async () => {
      const { store } = use();
      const one = webhook({ seal: { signingKeyId: "k", signature: "s" } });
      await store.putWebhook(one);
      await store.stopWebhook(one.webhookId, { at: 5, why: "first" });
      await store.stopWebhook(one.webhookId, { at: 6, why: "second" });
      const { seal: _, ...unsealed } = one;
      const secrets = [...one.secrets, { text: "whsec_Yg==", since: AT + 1, until: AT + 9 }];
      const next = { ...unsealed, secrets, revision: 2, changedAt: AT + 1 };
      expect(await store.replaceWebhook(next)).toBe(true);
      expect(await store.replaceWebhook({ ...next, description: "late" })).toBe(false);
      expect(await store.replaceWebhook(webhook({ revision: 2 }))).toBe(false);
      expect(await store.getWebhook(one.webhookId)).toEqual({ ...next, stopped: { at: 5, why: "first" } });
    });

    it("are deleted in their namespace alone, with their deliveries", async () => {
      const { store } = use();
      const one = webhook();
      const [gone, kept] = [delivery(one.webhookId), delivery(newId("whk"))];
      await store.putWebhook(one);
      await store.putDeliveries([gone, kept]);
      expect(await store.deleteWebhook(newId("ns"), one.webhookId)).toBe(false);
      expect(await store.deleteWebhook(one.namespace, one.webhookId)).toBe(true);
      expect(await store.deleteWebhook(one.namespace, one.webhookId)).toBe(false);
      expect(await store.getWebhook(one.webhookId)).toBeUndefined();
      expect(await store.getDelivery(gone.deliveryId)).toBeUndefined();
      expect(await store.getDelivery(kept.deliveryId)).toEqual(kept);
    });
  });

  describe("what webhooks are told", () => {
    const tellable = async (runId: string, since: number) =>
      (await use().store.listTellable(since, 100_000)).filter((run) => run.runId === runId);

    it("is found by the time of the newest, which never goes back", async () => {
      const { store } = use();
      const runId = newId("run");
      await store.commit(starting(runId, { at: AT }));
      expect(await tellable(runId, 0)).toEqual([]);
      const calls = [{ callId: "c1", tool: "refund" }];
      await store.commit(following(await loaded(store, runId), gatedTurn(calls), { at: AT + 50 }));
      expect(await tellable(runId, AT + 50)).toEqual([{ runId, version: 2, at: AT + 50 }]);
      expect(await tellable(runId, AT + 51)).toEqual([]);
      // By another clock, which is behind.
      await store.commit(following(await loaded(store, runId), [close("c1")], { at: AT + 40 }));
      expect(await tellable(runId, AT + 50)).toEqual([{ runId, version: 3, at: AT + 50 }]);
      await store.commit(following(await loaded(store, runId), [end], { at: AT + 60 }));
      expect(await tellable(runId, AT + 60)).toEqual([{ runId, version: 4, at: AT + 60 }]);
    });

    it("has reminders, which change nothing of what they are about", async () => {
      const { store } = use();
      const runId = newId("run");
      await store.commit(starting(runId, { at: AT }));
      const calls = [{ callId: "c1", tool: "refund" }];
      await store.commit(following(await loaded(store, runId), gatedTurn(calls), { at: AT + 50 }));
      const reminded: Fact = { type: "reminded", approvalId: "apr_c1", callId: "c1", number: 1 };
      await store.commit(following(await loaded(store, runId), [reminded], { at: AT + 80 }));
      expect(await tellable(runId, AT + 80)).toEqual([{ runId, version: 3, at: AT + 80 }]);
    });

    it("has the end of a run that nobody was asked in", async () => {
      const { store } = use();
      const runId = newId("run");
      await store.commit(starting(runId, { at: AT }));
      await store.commit(following(await loaded(store, runId), [end], { at: AT + 70 }));
      expect(await tellable(runId, 0)).toEqual([{ runId, version: 2, at: AT + 70 }]);
    });

    it("has cursors that move forward alone", async () => {
      const { store } = use();
      const share = 1_000 + Math.floor(Math.random() * 1e9);
      expect(await store.readTellCursor(share)).toBeUndefined();
      await store.moveTellCursor(share, AT);
      await store.moveTellCursor(share, AT - 1);
      expect(await (await use().connect()).readTellCursor(share)).toBe(AT);
    });
  });

  describe("deliveries", () => {
    const mine = async (webhookIds: readonly string[], by: number, without: readonly string[] = []) =>
      (await use().store.dueDeliveries(by, 100_000, without)).filter((due) => webhookIds.includes(due.webhookId));

    it("are written once, and found when they are due, the most overdue first", async () => {
      const { store } = use();
      const [a, b] = [newId("whk"), newId("whk")];
      const seal = { signingKeyId: "k", signature: "s" };
      const [late, soon, other] = [
        delivery(a, { dueAt: AT + 20, seal }),
        delivery(a, { dueAt: AT + 10 }),
        delivery(b, {
          dueAt: AT + 15,
          attempts: 4,
          attemptsBefore: 2,
          lastStatus: 500,
          lastError: "x",
          lastAttemptAt: 9,
        }),
      ];
      const ended = delivery(a, { state: "DEAD", endedAt: AT });
      const { dueAt: _, ...dead } = ended;
      expect(await store.putDeliveries([late, soon])).toEqual(new Set());
      expect(await store.putDeliveries([other, dead, { ...late, body: "another" }])).toEqual(
        new Set([late.deliveryId]),
      );
      for (const each of [late, soon, other, dead]) expect(await store.getDelivery(each.deliveryId)).toEqual(each);
      const found = await mine([a, b], AT + 20);
      expect(found.map(({ deliveryId }) => deliveryId)).toEqual(
        [soon, other, late].map(({ deliveryId }) => deliveryId),
      );
      expect(found[1]).toEqual({ deliveryId: other.deliveryId, webhookId: b, attempts: 4 });
      expect(await mine([a, b], AT + 19, [a])).toEqual([found[1]]);
      expect(await store.putDeliveries([])).toEqual(new Set());
    });

    it("are taken by one of many, and again by another when that is due", async () => {
      const stores = [use().store, await use().connect()];
      const one = delivery(newId("whk"));
      await use().store.putDeliveries([one]);
      const due = { deliveryId: one.deliveryId, webhookId: one.webhookId, attempts: 0 };
      const takes = Array.from({ length: 10 }, (_, index) => stores[index % 2]?.takeDelivery(due, AT + 1, AT + 60));
      expect((await Promise.all(takes)).filter((taken) => taken)).toHaveLength(1);
      const taken = { ...one, attempts: 1, lastAttemptAt: AT + 1, dueAt: AT + 60 };
      expect(await use().store.getDelivery(one.deliveryId)).toEqual(taken);
      expect(await mine([one.webhookId], AT + 59)).toEqual([]);
      expect(await mine([one.webhookId], AT + 60)).toEqual([{ ...due, attempts: 1 }]);
    });

    it("are ended by the attempt that is the newest, and by no earlier one", async () => {
      const { store } = use();
      const one = delivery(newId("whk"), { attempts: 2, lastStatus: 500, lastError: "it answered 500" });
      await store.putDeliveries([one]);
      await store.endAttempt(one.deliveryId, 1, { state: "DELIVERED", endedAt: AT });
      expect(await store.getDelivery(one.deliveryId)).toEqual(one);
      await store.endAttempt(one.deliveryId, 2, { state: "PENDING", dueAt: AT + 5, lastError: "no answer" });
      const { lastStatus: _, ...rest } = one;
      const later = { ...rest, dueAt: AT + 5, lastError: "no answer" };
      expect(await store.getDelivery(one.deliveryId)).toEqual(later);
      await store.endAttempt(one.deliveryId, 2, { state: "DELIVERED", endedAt: AT + 6, lastStatus: 204 });
      const { dueAt: _due, lastError: _error, ...kept } = later;
      const delivered = { ...kept, state: "DELIVERED", endedAt: AT + 6, lastStatus: 204 };
      expect(await store.getDelivery(one.deliveryId)).toEqual(delivered);
      await store.endAttempt(one.deliveryId, 2, { state: "DEAD", endedAt: AT + 7 });
      expect(await store.getDelivery(one.deliveryId)).toEqual(delivered);
      expect(await store.takeDelivery({ ...one, attempts: 2 }, AT, AT)).toBe(false);
    });

    it("keep what their receiver calls them, whatever becomes of a later attempt, and count none that was none", async () => {
      const { store } = use();
      const one = delivery(newId("whk"), { attempts: 1 });
      await store.putDeliveries([one]);
      await store.endAttempt(one.deliveryId, 1, { state: "PENDING", dueAt: AT + 5, attemptsBefore: 1, receipt: "1.2" });
      expect(await store.getDelivery(one.deliveryId)).toEqual({
        ...one,
        dueAt: AT + 5,
        attemptsBefore: 1,
        receipt: "1.2",
      });
      await store.endAttempt(one.deliveryId, 1, { state: "DEAD", endedAt: AT + 6, lastError: "it answered 500" });
      const { dueAt: _, ...ended } = { ...one, attemptsBefore: 1, receipt: "1.2", endedAt: AT + 6 };
      const dead = { ...ended, state: "DEAD", lastError: "it answered 500" };
      expect(await store.getDelivery(one.deliveryId)).toEqual(dead);
    });

    it("are listed by webhook and state, the newest first, in pages", async () => {
      const { store } = use();
      const webhookId = newId("whk");
      const dead = { state: "DEAD", endedAt: AT } as const;
      const all = [1, 2, 2, 3].map((at) => delivery(webhookId, { at: AT + at, ...(at === 2 ? dead : {}) }));
      await store.putDeliveries([...all, delivery(newId("whk"))]);
      const listed = async (query: Omit<DeliveryListQuery, "webhookId" | "limit">) => {
        const ids: string[] = [];
        for (let pageToken: string | undefined; ; ) {
          const more = pageToken === undefined ? {} : { pageToken };
          const page = await store.listDeliveries({ webhookId, limit: 1, ...query, ...more });
          ids.push(...page.items.map(({ deliveryId }) => deliveryId));
          if (page.nextPageToken === undefined) return ids;
          pageToken = page.nextPageToken;
        }
      };
      const [first, two, three, last] = all.map(({ deliveryId }) => deliveryId);
      const same = [two, three].sort();
      expect(await listed({ states: [] })).toEqual([last, ...same, first]);
      expect(await listed({ states: ["DEAD"] })).toEqual(same);
      expect(await listed({ states: ["DELIVERED"] })).toEqual([]);
    });

    it("are sent again once they have ended, with their attempts counted anew", async () => {
      const { store } = use();
      const webhookId = newId("whk");
      const ended = { attempts: 10, endedAt: AT, lastStatus: 500, lastError: "it answered 500" };
      const [dead, delivered, pending, other] = [
        delivery(webhookId, { ...ended, state: "DEAD" }),
        delivery(webhookId, { ...ended, state: "DELIVERED" }),
        delivery(webhookId, { attempts: 1 }),
        delivery(webhookId, { ...ended, state: "DEAD", attempts: 3 }),
      ].map(({ dueAt, ...one }) => (one.state === "PENDING" && dueAt !== undefined ? { ...one, dueAt } : one));
      if (dead === undefined || delivered === undefined || pending === undefined || other === undefined) throw Error();
      await store.putDeliveries([dead, delivered, pending, other]);
      expect(await store.replayDelivery(pending.deliveryId, AT + 1)).toBe(false);
      expect(await store.replayDelivery(newId("msg"), AT + 1)).toBe(false);
      expect(await store.replayDelivery(delivered.deliveryId, AT + 1)).toBe(true);
      expect(await store.replayDead(webhookId, AT + 2)).toBe(2);
      expect(await store.replayDead(webhookId, AT + 2)).toBe(0);
      for (const [one, dueAt] of [[dead, AT + 2] as const, [delivered, AT + 1] as const, [other, AT + 2] as const]) {
        const { endedAt: _, ...kept } = one;
        const again = { ...kept, state: "PENDING", attemptsBefore: one.attempts, dueAt };
        expect(await store.getDelivery(one.deliveryId)).toEqual(again);
      }
    });

    it("are forgotten once they ended long ago", async () => {
      const { store } = use();
      const webhookId = newId("whk");
      const [old, young, pending] = [
        delivery(webhookId, { state: "DELIVERED", endedAt: 5 }),
        delivery(webhookId, { state: "DELIVERED", endedAt: 10 }),
        delivery(webhookId, { at: 1 }),
      ];
      const changeable = delivery(webhookId, { state: "DELIVERED", endedAt: 5, receipt: "1.2" });
      await store.putDeliveries([old, young, pending, changeable].flatMap((one) => one ?? []));
      const left = async () => (await store.listDeliveries({ webhookId, states: [], limit: 10 })).items;
      const idsOf = (of: readonly (Delivery | undefined)[]) => of.map((one) => one?.deliveryId).sort();
      await store.forgetDeliveries(10);
      expect(idsOf(await left())).toEqual(idsOf([young, pending, changeable]));
      await store.forgetDeliveries(10 + CHANGEABLE_MS);
      expect(idsOf(await left())).toEqual(idsOf([pending]));
    });
  });
}
