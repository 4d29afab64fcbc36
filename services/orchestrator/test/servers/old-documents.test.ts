// Documents of earlier versions are read as what they meant.
import { newId } from "@agentspan/internal";
import type { MongoClient } from "mongodb";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { MongoStore } from "../../src/mongo/mongo-store.js";
import { openSpoiltStore, type SpoiltStore } from "./spoilt-store.js";

const DATABASE = "old-documents";

describe("a store with documents of an earlier version", () => {
  let opened: SpoiltStore;
  let store: MongoStore;
  let direct: MongoClient;

  beforeAll(async () => {
    opened = await openSpoiltStore(DATABASE);
    ({ store, direct } = opened);
  });
  afterAll(() => opened?.stop());

  it("reads of a tool that said nothing of a probe that it brings none, and no receiver that enforces the key", async () => {
    const namespace = newId("ns");
    const tool = { namespace, queue: "refunds", tool: "refund", inputSchema: "{}", approval: true, once: false };
    await direct
      .db(DATABASE)
      .collection<{ _id: string }>("tools")
      .insertOne({ _id: `${namespace}/refunds/refund`, ...tool });
    const asked = [{ queue: "refunds", tool: "refund" }];
    expect(await store.getTools(namespace, asked)).toEqual([{ ...tool, probe: false, enforcesKey: false }]);
    await store.putTools([{ ...tool, probe: true, enforcesKey: true }]);
    expect(await store.getTools(namespace, asked)).toEqual([{ ...tool, probe: true, enforcesKey: true }]);
  });

  it("takes what a worker serves for tools without a probe, where it does not say", async () => {
    const incarnation = newId("inc");
    const tools = [{ queue: "refunds", tool: "refund" }];
    const worker = {
      kind: "worker",
      name: "w1",
      namespace: "default",
      counter: 3,
      inHand: [],
      tools,
      seenAt: new Date(),
    };
    await direct
      .db(DATABASE)
      .collection<{ _id: string }>("instances")
      .insertOne({ _id: incarnation, ...worker });
    const found = await store.readInstance(incarnation);
    expect(found?.tools).toEqual(tools);
  });
});
