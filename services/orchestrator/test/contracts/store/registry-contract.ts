import { newId } from "@agentspan/internal";
import { describe, expect, it } from "vitest";
import type { Instance, StoredAgent, ToolRegistration } from "../../../src/ports.js";
import type { UseFixture } from "./store-fixture.js";

export function registryContract(use: UseFixture): void {
  describe("agents", () => {
    const agent = (namespace: string, name: string, version: string, createdAt = 1): StoredAgent => ({
      namespace,
      name,
      version,
      definition: `{"name":"${name}","version":"${version}"}`,
      createdAt,
    });

    it("keeps each version once and gives the newest put where none is named", async () => {
      const { store } = use();
      const namespace = newId("ns");
      expect(await store.getAgent(namespace, "refunds")).toBeUndefined();
      expect(await store.putAgent(agent(namespace, "refunds", "a", 1))).toBe(true);
      expect(await store.putAgent(agent(namespace, "refunds", "b", 2))).toBe(true);
      expect(await store.getAgent(namespace, "refunds")).toEqual(agent(namespace, "refunds", "b", 2));
      expect(await store.putAgent(agent(namespace, "refunds", "a", 3))).toBe(false);
      expect(await store.getAgent(namespace, "refunds")).toEqual(agent(namespace, "refunds", "a", 1));
      expect(await store.getAgent(namespace, "refunds", "b")).toEqual(agent(namespace, "refunds", "b", 2));
      expect(await store.getAgent(namespace, "refunds", "c")).toBeUndefined();
      expect(await store.getAgent(newId("ns"), "refunds", "a")).toBeUndefined();
    });

    it("tells one of many who put a version at once that it is new", async () => {
      const { store } = use();
      const other = await use().connect();
      const namespace = newId("ns");
      const puts = Array.from({ length: 16 }, (_, index) =>
        (index % 2 === 0 ? store : other).putAgent(agent(namespace, "refunds", "a")),
      );
      expect((await Promise.all(puts)).filter((isNew) => isNew)).toHaveLength(1);
      expect(await other.getAgent(namespace, "refunds")).toEqual(agent(namespace, "refunds", "a"));
    });

    it("lists the newest version of each agent by name, in pages", async () => {
      const { store } = use();
      const namespace = newId("ns");
      for (const name of ["c", "a", "d", "b"]) {
        await store.putAgent(agent(namespace, name, "old"));
        await store.putAgent(agent(namespace, name, "new"));
      }
      await store.putAgent(agent(newId("ns"), "e", "other"));
      const first = await store.listAgents({ namespace, limit: 3 });
      expect(first.items).toEqual(["a", "b", "c"].map((name) => agent(namespace, name, "new")));
      const second = await store.listAgents({ namespace, limit: 3, pageToken: first.nextPageToken ?? "" });
      expect(second).toEqual({ items: [agent(namespace, "d", "new")] });
    });
  });

  describe("versions of an agent", () => {
    it("are listed, the one that was stored last first, in pages, and each once", async () => {
      const { store } = use();
      const namespace = newId("ns");
      const version = (name: string, of: string, createdAt: number, ns = namespace): StoredAgent => {
        return { namespace: ns, name, version: of, definition: `{"name":"${name}"}`, createdAt };
      };
      const stored = [version("refunds", "a", 1), version("refunds", "c", 2), version("refunds", "b", 2)];
      for (const one of stored) await store.putAgent(one);
      // It is the newest again, and was stored first all the same.
      await store.putAgent(version("refunds", "a", 9));
      await store.putAgent(version("sales", "d", 4));
      await store.putAgent(version("refunds", "e", 5, newId("ns")));
      const list = { namespace, name: "refunds", limit: 2 };
      const first = await store.listAgentVersions(list);
      expect(first.items.map((one) => one.version)).toEqual(["b", "c"]);
      const second = await store.listAgentVersions({ ...list, pageToken: first.nextPageToken ?? "" });
      expect(second).toEqual({ items: [version("refunds", "a", 1)] });
      expect(await store.listAgentVersions({ ...list, name: "nobody" })).toEqual({ items: [] });
      const wrong = store.listAgentVersions({ ...list, pageToken: "x" });
      await expect(wrong).rejects.toMatchObject({ reason: "INVALID_REQUEST" });
    });
  });

  describe("tools", () => {
    const registration = (namespace: string, tool: string, approval: boolean): ToolRegistration => ({
      namespace,
      queue: "refunds",
      tool,
      inputSchema: '{"$ref":"#/a.b"}',
      approval,
      once: false,
      probe: true,
      enforcesKey: approval,
      // A later registration without one takes it away.
      ...(approval ? {} : { preview: { fields: ["after.$balance"], timeoutMs: 5_000 } }),
    });

    it("keeps the newest registration of each tool", async () => {
      const { store } = use();
      const namespace = newId("ns");
      await store.putTools([]);
      await store.putTools([registration(namespace, "refund", false), registration(namespace, "email", false)]);
      await store.putTools([registration(namespace, "refund", false), registration(namespace, "refund", true)]);
      const asked = ["refund", "email", "unknown"].map((tool) => ({ queue: "refunds", tool }));
      const found = await store.getTools(namespace, asked);
      expect([...found].sort((one, other) => (one.tool < other.tool ? -1 : 1))).toEqual([
        registration(namespace, "email", false),
        registration(namespace, "refund", true),
      ]);
      expect(await store.getTools(namespace, [])).toEqual([]);
      expect(await store.getTools(newId("ns"), asked)).toEqual([]);
      expect(await store.getTools(namespace, [{ queue: "sales", tool: "refund" }])).toEqual([]);
    });

    it("takes registrations of the same tools from several processes at once", async () => {
      const stores = [use().store, await use().connect(), await use().connect()];
      const namespace = newId("ns");
      const tools = Array.from({ length: 8 }, (_, index) => registration(namespace, `t${index}`, true));
      await Promise.all(stores.flatMap((store) => [store.putTools(tools), store.putTools(tools)]));
      expect(await stores[0]?.getTools(namespace, tools)).toHaveLength(8);
    });
  });

  describe("instances", () => {
    const instance = (namespace: string, counter: number, more: Partial<Instance> = {}): Instance => ({
      incarnation: newId("inc"),
      kind: "worker",
      name: "w1",
      namespace,
      counter,
      inHand: [`nonce ${counter}`],
      tools: [{ queue: "refunds", tool: "refund" }],
      ...more,
    });

    it("keeps the sign of life with the highest counter", async () => {
      const { store } = use();
      const namespace = newId("ns");
      const one = instance(namespace, 5);
      await store.beat([one]);
      await store.beat([{ ...one, counter: 4, inHand: ["older"] }]);
      await store.beat([{ ...one, counter: 5, inHand: ["the same"] }]);
      expect(await store.readInstance(one.incarnation)).toMatchObject(one);
      const next = { ...one, counter: 6, inHand: [] };
      await store.beat([next]);
      expect(await store.readInstance(one.incarnation)).toMatchObject(next);
      expect(await store.readInstance(newId("inc"))).toBeUndefined();
    });

    it("ends at the highest counter when signs of life overtake each other", async () => {
      const stores = [use().store, await use().connect(), await use().connect()];
      const one = instance(newId("ns"), 0);
      const beats = Array.from({ length: 30 }, (_, index) => ({ ...one, counter: ((index * 7) % 30) + 1 }));
      await Promise.all(beats.map((beat, index) => stores[index % stores.length]?.beat([beat])));
      expect(await stores[0]?.readInstance(one.incarnation)).toMatchObject({ counter: 30 });
    });

    it("keeps what a worker registered last, whatever it has in hand and whoever takes its signs of life", async () => {
      const [store, other] = [use().store, await use().connect()];
      const namespace = newId("ns");
      const { incarnation, name, tools } = instance(namespace, 0);
      expect(await store.registerWorker({ incarnation, name, namespace, tools })).toBe(true);
      const fresh = { incarnation, kind: "worker", name, namespace, counter: 0, inHand: [], tools };
      expect(await other.readInstance(incarnation)).toMatchObject(fresh);
      const beat = instance(namespace, 7, { incarnation });
      await other.beat([beat]);
      const more = [...tools, { queue: "refunds", tool: "email", approval: true as const }];
      expect(await store.registerWorker({ incarnation, name, namespace, tools: more })).toBe(true);
      expect(await other.readInstance(incarnation)).toMatchObject({ ...beat, tools: more });
      // By somebody who knows of the first registration only.
      await other.beat([{ ...beat, counter: 8, inHand: [] }]);
      const last = { ...beat, counter: 8, inHand: [], tools: more };
      expect(await store.readInstance(incarnation)).toMatchObject(last);
      expect(await store.liveWorkers(namespace, 60_000)).toHaveLength(1);
    });

    it("keeps the seal of what was registered last, and of no earlier registration", async () => {
      const [store, other] = [use().store, await use().connect()];
      const namespace = newId("ns");
      const permit = { keyId: "fedcba9876543210", at: 1, until: 2 };
      const seal = { at: 3, permit, keyId: "0123456789abcdef", signature: "c2ln" };
      const { incarnation, name, tools } = instance(namespace, 0);
      const registered = { incarnation, name, namespace, tools };
      await store.registerWorker({ ...registered, seal });
      // By somebody who knows of none.
      await other.beat([instance(namespace, 7, { incarnation })]);
      expect((await other.readInstance(incarnation))?.seal).toEqual(seal);
      const later = { at: 4, keyId: "0123456789abcdef", signature: "bGF0ZXI" };
      await other.registerWorker({ ...registered, seal: later });
      expect((await store.readInstance(incarnation))?.seal).toEqual(later);
      await store.registerWorker(registered);
      expect(await other.readInstance(incarnation)).not.toHaveProperty("seal");
      const swept = instance(namespace, 8, { seal });
      await store.beat([swept]);
      expect(await other.liveWorkers(namespace, 60_000)).toEqual(
        expect.arrayContaining([expect.objectContaining(swept)]),
      );
    });

    it("keeps what a worker said of itself first, also where a sign of life is what is stored first", async () => {
      const [store, other] = [use().store, await use().connect()];
      const namespace = newId("ns");
      const about = { language: "go", sdkVersion: "1.2.3", registeredAt: 5 };
      const { incarnation, name, tools } = instance(namespace, 0);
      const registered = { incarnation, name, namespace, tools };
      await store.registerWorker({ ...registered, about });
      await other.registerWorker({ ...registered, about: { ...about, registeredAt: 9 } });
      await other.beat([instance(namespace, 7, { incarnation })]);
      expect((await store.readInstance(incarnation))?.about).toEqual(about);
      const swept = instance(namespace, 8, { about });
      await store.beat([swept]);
      const live = await other.liveWorkers(namespace, 60_000);
      expect(live).toEqual(expect.arrayContaining([expect.objectContaining(swept)]));
      const earlier = instance(namespace, 0);
      await store.registerWorker({ incarnation: earlier.incarnation, name, namespace, tools });
      expect(await other.readInstance(earlier.incarnation)).not.toHaveProperty("about");
    });

    it("registers nobody as a process that is another's", async () => {
      const { store } = use();
      const namespace = newId("ns");
      const [worker, orchestrator] = [instance(namespace, 1), instance(namespace, 1, { kind: "orchestrator" })];
      await store.beat([worker, orchestrator]);
      for (const { incarnation, name } of [{ ...worker, name: "w2" }, orchestrator])
        expect(await store.registerWorker({ incarnation, name, namespace, tools: [] })).toBe(false);
      for (const one of [worker, orchestrator]) {
        expect(await store.readInstance(one.incarnation)).toMatchObject(one);
      }
      const incarnation = newId("inc");
      const stores = [store, await use().connect()];
      const names = Array.from({ length: 8 }, (_, at) => `w${at}`);
      const taken = await Promise.all(
        names.map((name, at) => stores[at % 2]?.registerWorker({ incarnation, name, namespace, tools: [] })),
      );
      expect(taken.filter((one) => one)).toHaveLength(1);
      expect(await store.readInstance(incarnation)).toMatchObject({ name: names[taken.indexOf(true)] });
    });

    it("shows workers that were seen within the time, and when, by the store's clock", async () => {
      const { store } = use();
      const namespace = newId("ns");
      const worker = instance(namespace, 1);
      const before = await store.serverTime();
      await store.beat([worker, instance(namespace, 1, { kind: "orchestrator" }), instance(newId("ns"), 1)]);
      const after = await store.serverTime();
      const live = await store.liveWorkers(namespace, 60_000);
      expect(live).toMatchObject([worker]);
      expect(live[0]?.seenAt).toBeGreaterThanOrEqual(before);
      expect(live[0]?.seenAt).toBeLessThanOrEqual(after);
      expect(await store.liveWorkers(namespace, -60_000)).toEqual([]);
    });

    it("forgets those who were not seen for the time, and one by name", async () => {
      const { store } = use();
      const namespace = newId("ns");
      const [one, other] = [instance(namespace, 1), instance(namespace, 1)];
      await store.beat([one, other]);
      await store.forgetInstances(60_000);
      expect(await store.liveWorkers(namespace, 60_000)).toHaveLength(2);
      await store.removeInstance(one.incarnation);
      await store.removeInstance(one.incarnation);
      expect(await store.liveWorkers(namespace, 60_000)).toMatchObject([other]);
      const { instances } = await store.readInstances();
      expect(instances.map(({ incarnation }) => incarnation)).toContain(other.incarnation);
      await store.forgetInstances(-60_000);
      expect(await store.readInstances()).toEqual({ instances: [], unreadable: [] });
    });

    it("takes the signs of life of many processes in one call", async () => {
      const { store } = use();
      const namespace = newId("ns");
      const many = Array.from({ length: 150 }, (_, index) => instance(namespace, 1, { name: `w${index}` }));
      await store.beat(many);
      await store.beat(many.map((one) => ({ ...one, counter: 2 })));
      const { instances } = await store.readInstances();
      const read = instances.filter((one) => one.namespace === namespace);
      expect(read).toHaveLength(150);
      expect(read.every(({ counter }) => counter === 2)).toBe(true);
      // Which may be very many, and are not what is looked for each second.
      expect(read.every((one) => !("tools" in one))).toBe(true);
    });
  });

  it("is prepared by several processes at once, and again", async () => {
    const stores = [use().store, await use().connect(), await use().connect()];
    await Promise.all(stores.map((store) => store.prepare()));
    await use().store.prepare();
  });

  it("tells its time", async () => {
    const { store } = use();
    const first = await store.serverTime();
    expect(first).toBeGreaterThan(Date.UTC(2025, 0, 1));
    expect(await store.serverTime()).toBeGreaterThanOrEqual(first);
  });
}
