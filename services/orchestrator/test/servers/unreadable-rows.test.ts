// Rows of a real database in which somebody has put what no orchestrator writes.
import { createLogger, newId } from "@agentspan/internal";
import { type Document, type MongoClient, ObjectId } from "mongodb";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { MongoStore } from "../../src/mongo/mongo-store.js";
import type { ApiKey, StandingGrant } from "../../src/ports.js";
import { openSpoiltStore, rowByRow, type SpoiltStore } from "./spoilt-store.js";

const DATABASE = "unreadable-rows";
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

describe("an API key", () => {
  const put = async (createdAt: number): Promise<ApiKey> => {
    const key = {
      ...{ keyId: newId("key"), namespace, secretSha256: "ab".repeat(32), owner: "alex", roles: ["runner"] },
      ...{ groups: [], description: "", createdAt, createdBy: "root" },
    };
    await store.putKey(key);
    return key;
  };

  it.each<[string, Document, string]>([
    ["no roles", { $set: { roles: null } }, "roles"],
    ["a role that is none", { $set: { roles: ["runner", { $gt: SECRET }] } }, "roles[1]"],
    ["no groups", { $unset: { groups: "" } }, "groups"],
    ["no owner", { $unset: { owner: "" } }, "owner"],
    ["a hash that is none", { $set: { secretSha256: SECRET } }, "secretSha256"],
    ["a text for its beginning", { $set: { createdAt: SECRET } }, "createdAt"],
    ["a text for its end", { $set: { expiresAt: SECRET } }, "expiresAt"],
    ["a text for its last use", { $set: { lastUsedAt: SECRET } }, "lastUsedAt"],
    ["a text for its revocation", { $set: { revokedAt: SECRET } }, "revokedAt"],
    ["a seal that is none", { $set: { seal: SECRET } }, "seal"],
  ])("with %s is nobody's, and a list names it beside the others", async (_, change, place) => {
    const [one, two, three] = [await put(1), await put(2), await put(3)];
    await spoil("apiKeys", two.keyId, change);
    await expect(store.getKey(two.keyId)).rejects.toMatchObject({
      reason: "ROW_UNREADABLE",
      metadata: { collection: "apiKeys", row: two.keyId, place },
    });
    const listed = await rowByRow((page) => store.listKeys({ namespace, ...page }));
    const inOrder = place === "createdAt" ? [three, one, two] : [three, two, one];
    expect(listed.map(({ keyId }) => keyId)).toEqual(inOrder.map(({ keyId }) => keyId));
    expect(listed.filter((key) => "unreadable" in key)).toMatchObject([{ keyId: two.keyId, unreadable: place }]);
    expect(listed.filter((key) => !("unreadable" in key))).toEqual([three, one]);
    expect(told()).toEqual([["apiKeys", two.keyId, place]]);
    expect(JSON.stringify(lines)).not.toContain(SECRET);
  });

  it("that cannot be read can be revoked, and stays named", async () => {
    const { keyId } = await put(1);
    await spoil("apiKeys", keyId, { $set: { roles: null } });
    expect(await store.revokeKey(newId("ns"), keyId, { at: 5, by: "root" })).toBeUndefined();
    const revoked = await store.revokeKey(namespace, keyId, { at: 5, by: "root" });
    expect(revoked).toMatchObject({ keyId, owner: "alex", revoked: { at: 5, by: "root" }, unreadable: "roles" });
  });

  it("whose id is no text is left out, with the log", async () => {
    const good = await put(1);
    const _id = new ObjectId();
    await rowsOf("apiKeys").insertMany([
      { _id, namespace, createdAt: new Date(2) },
      { _id: new ObjectId(), namespace },
    ]);
    expect(await rowByRow((page) => store.listKeys({ namespace, ...page }))).toEqual([good]);
    expect(told()).toContainEqual(["apiKeys", String(_id), "_id"]);
  });
});

describe("a standing grant", () => {
  const put = async (createdAt: number): Promise<StandingGrant> => {
    const grant: StandingGrant = {
      ...{ grantId: newId("gra"), namespace, agentName: "shop", toolName: "refund", rule: "", description: "" },
      ...{ maxUses: 3, uses: 0, createdAt, expiresAt: 1_000, by: { who: "ada", groups: [], authenticated: true } },
    };
    await store.putGrant(grant);
    return grant;
  };

  it.each<[string, Document, string]>([
    ["a maker that is none", { $set: { by: 5 } }, "by"],
    ["no groups of its maker", { $unset: { "by.groups": "" } }, "by.groups"],
    ["no rule", { $set: { rule: null } }, "rule"],
    ["uses without end", { $set: { maxUses: 1e300, left: 1 } }, "maxUses"],
    ["more left than there were", { $set: { left: 4 } }, "left"],
    ["a text for its beginning", { $set: { createdAt: SECRET } }, "createdAt"],
    ["a text for its end", { $set: { expiresAt: SECRET } }, "expiresAt"],
  ])("with %s lets nothing run, and the others are listed and used", async (_, change, place) => {
    const [one, two, three] = [await put(1), await put(2), await put(3)];
    await spoil("standingGrants", two.grantId, change);
    expect(await rowByRow((page) => store.listGrants({ namespace, ...page }))).toEqual([three, one]);
    const asked = { namespace, agentName: "shop", toolName: "refund", now: 10 };
    expect(await store.liveGrants({ ...asked, limit: 2 })).toEqual([one, three]);
    const unreadable = { reason: "ROW_UNREADABLE", metadata: { row: two.grantId, place } };
    await expect(store.getGrant(namespace, two.grantId)).rejects.toMatchObject(unreadable);
    expect(await store.getGrant(newId("ns"), two.grantId)).toBeUndefined();
    expect(told()).toEqual([["standingGrants", two.grantId, place]]);
  });

  it("shows nothing that a row says beside its fields", async () => {
    const one = await put(1);
    await spoil("standingGrants", one.grantId, { $set: { revoked: SECRET, uses: SECRET } });
    expect(await store.getGrant(namespace, one.grantId)).toEqual(one);
  });
});

describe("a definition", () => {
  it.each<[string, Document, string]>([
    ["a text for its time", { $set: { createdAt: SECRET } }, "createdAt"],
    ["no text", { $set: { definition: null } }, "definition"],
  ])("with %s is named where it is asked for, and lists have the others", async (_, change, place) => {
    const agents = ["a", "b", "c"].map((name) => ({ namespace, name, version: "1", definition: "{}", createdAt: 1 }));
    for (const agent of agents) await store.putAgent(agent);
    await spoil("newestAgents", `${namespace}/b`, change);
    expect(await rowByRow((page) => store.listAgents({ namespace, ...page }))).toEqual([agents[0], agents[2]]);
    await expect(store.getAgent(namespace, "b")).rejects.toMatchObject({
      reason: "ROW_UNREADABLE",
      metadata: { place },
    });
    // Its versions are rows of their own, and to put it again mends the row.
    expect(await store.getAgent(namespace, "b", "1")).toEqual(agents[1]);
    expect(await store.putAgent({ ...agents[1], definition: "{}" } as (typeof agents)[number])).toBe(false);
    expect(await store.getAgent(namespace, "b")).toEqual(agents[1]);
  });
});

describe("a worker", () => {
  const register = async (): Promise<string> => {
    const incarnation = newId("inc");
    const tools = [{ queue: "q", tool: "refund", approval: true as const }];
    await store.registerWorker({ incarnation, name: "w1", namespace, tools });
    return incarnation;
  };

  it.each<[string, unknown, string]>([
    ["no tools", null, "tools"],
    ["a text for its tools", SECRET, "tools"],
    ["a tool that is none", [null], "tools[0]"],
    ["a demand that is none", [{ queue: "q", tool: "refund", approval: SECRET }], "tools[0].approval"],
  ])("with %s lives and serves nothing, until it registers again", async (_, tools, place) => {
    const [good, spoilt] = [await register(), await register()];
    await spoil("instances", spoilt, { $set: { tools } });
    const live = await store.liveWorkers(namespace, 60_000);
    expect(new Map(live.map((worker) => [worker.incarnation, worker.tools.length]))).toEqual(
      new Map([
        [good, 1],
        [spoilt, 0],
      ]),
    );
    expect(await store.readInstance(spoilt)).toMatchObject({ name: "w1", tools: [] });
    expect(told()).toEqual([["instances", spoilt, place]]);
    const again = [{ queue: "q", tool: "refund" }];
    await store.registerWorker({ incarnation: spoilt, name: "w1", namespace, tools: again });
    expect(await store.readInstance(spoilt)).toMatchObject({ tools: again });
  });

  it("whose seal cannot be read serves nothing", async () => {
    const spoilt = await register();
    await spoil("instances", spoilt, { $set: { seal: SECRET } });
    expect(await store.readInstance(spoilt)).toMatchObject({ name: "w1", tools: [] });
    expect(told()).toEqual([["instances", spoilt, "seal"]]);
  });

  it("has a permit in no list where that cannot be read, and others have theirs", async () => {
    const ids = [newId("w"), newId("w")];
    for (const workerId of ids) {
      const tools = [{ namespace, queue: "q", name: "refund" }];
      await store.putPermit({ workerId, workers: [workerId], tools, at: 1, until: 2, keyId: "k", signature: "s" });
    }
    await spoil("permits", ids[0] ?? "", { $set: { workers: SECRET } });
    expect((await store.listPermits(0)).map(({ workerId }) => workerId)).toEqual([ids[1]]);
    expect(told()).toEqual([["permits", ids[0], "workers"]]);
  });

  it.each<[string, Document]>([
    ["counter", { counter: SECRET }],
    ["inHand", { inHand: null }],
    ["kind", { kind: SECRET }],
    ["name", { name: 5 }],
  ])("whose %s cannot be read is there, and nothing is told of it", async (place, change) => {
    const [good, spoilt] = [await register(), await register()];
    await spoil("instances", spoilt, { $set: change });
    const { instances, unreadable } = await store.readInstances();
    expect(instances.map(({ incarnation }) => incarnation)).toContain(good);
    expect(unreadable).toContain(spoilt);
    await expect(store.readInstance(spoilt)).rejects.toMatchObject({ reason: "ROW_UNREADABLE", metadata: { place } });
    await store.removeInstance(spoilt);
    expect((await store.readInstances()).unreadable).not.toContain(spoilt);
  });
});

it("what a tool's owner demands is the most that could be meant, where it cannot be read", async () => {
  const bare = { approval: false, once: false, probe: false, enforcesKey: false, inputSchema: "{}" };
  const tools = ["a", "b"].map((tool) => ({ namespace, queue: "q", tool, ...bare }));
  await store.putTools(tools);
  await spoil("tools", `${namespace}/q/b`, { $set: { approval: null } });
  const found = await store.getTools(namespace, tools);
  expect(new Map(found.map(({ tool, approval, once }) => [tool, { approval, once }]))).toEqual(
    new Map([
      ["a", { approval: false, once: false }],
      ["b", { approval: true, once: true }],
    ]),
  );
  expect(told()).toEqual([["tools", `${namespace}/q/b`, "approval"]]);
});
