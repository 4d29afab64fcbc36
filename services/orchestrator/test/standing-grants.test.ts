// Uses of standing grants, as orchestrators take them for the calls of a reply.
import { createLogger } from "@agentspan/internal";
import { beforeEach, describe, expect, it } from "vitest";
import type { TakeModelReply } from "../src/core/index.js";
import { MemoryStore } from "../src/memory/memory-store.js";
import type { GrantStore, StandingGrant } from "../src/ports.js";
import { grantVersion, StandingGrants } from "../src/standing-grants.js";
import { type Desk, RUN, replies, Scene, start } from "./scenes/scene.js";

const AT_LEAST_ONE = "args.index >= 1";

describe("a standing grant", () => {
  let scene: Scene;
  let desk: Desk;
  let store: MemoryStore;
  beforeEach(async () => {
    scene = new Scene();
    desk = scene.desk();
    store = new MemoryStore({ database: scene.database });
    await desk.execute(start(), { agent: await desk.agent() });
  });

  const grant = (more: Partial<StandingGrant> = {}): StandingGrant => ({
    ...{ grantId: "gra_1", namespace: "default", agentName: "desk", toolName: "refund", rule: "", description: "" },
    ...{ maxUses: 3, uses: 0, createdAt: scene.now, expiresAt: scene.now + 60_000 },
    by: { who: "maria", groups: [], authenticated: true },
    ...more,
  });
  const grants = (over: Partial<GrantStore> = {}) =>
    new StandingGrants({
      store: {
        liveGrants: (query) => store.liveGrants(query),
        takeGrantUse: (id, uses, now) => store.takeGrantUse(id, uses, now),
        ...over,
      },
      agents: desk.agents,
      clock: scene.clock,
      log: createLogger("test", "silent"),
    });
  const reply = (tools: readonly string[]) => replies(1, tools) as TakeModelReply;
  const used = async () => (await store.listGrants({ namespace: "default", limit: 1 })).items[0]?.uses;

  it("is used for the calls that it fits, and for no others", async () => {
    await store.putGrant(grant({ rule: AT_LEAST_ONE }));
    const { run } = await desk.stored();
    const command = reply(["refund", "refund", "look_up", "refund"]);
    const uses = await grants().usesFor(run, command);
    expect(Object.entries(uses).map(([call, { use }]) => [call, use])).toEqual([
      ["t1c2", 1],
      ["t1c4", 2],
    ]);
    expect(await used()).toBe(2);
    const { stored } = await desk.execute({ ...command, grants: uses });
    expect(stored.run.turn.calls.map(({ state }) => state.kind)).toEqual(["gated", "ready", "ready", "ready"]);
    const decided = stored.events.flatMap(({ fact }) => (fact.type === "decided" ? [fact] : []));
    expect(decided).toMatchObject([
      {
        who: "maria",
        outcome: "approved",
        ground: { grantId: "gra_1", version: grantVersion(grant({ rule: AT_LEAST_ONE })), use: 1 },
      },
      { via: { method: "grant", credentialId: "gra_1#2" }, ground: { use: 2 } },
    ]);
  });

  it("is never used more often than it says, however many orchestrators take uses at once", async () => {
    await store.putGrant(grant({ maxUses: 10 }));
    const { run } = await desk.stored();
    const several = Array.from({ length: 6 }, () => grants());
    const taken = await Promise.all(several.map((one) => one.usesFor(run, reply(["refund", "refund", "refund"]))));
    const numbers = taken.flatMap((uses) => Object.values(uses).map(({ use }) => use));
    expect(new Set(numbers).size).toBe(numbers.length);
    expect(Math.max(...numbers)).toBeLessThanOrEqual(10);
    expect(await used()).toBe(Math.max(...numbers));
  });

  it("loses a use whose answer is lost, and people are asked", async () => {
    await store.putGrant(grant({ maxUses: 2 }));
    const { run } = await desk.stored();
    const lost = grants({
      takeGrantUse: async (id, uses, now) => {
        await store.takeGrantUse(id, uses, now);
        throw new Error("the answer was lost");
      },
    });
    expect(await lost.usesFor(run, reply(["refund"]))).toEqual({});
    expect(Object.values(await grants().usesFor(run, reply(["refund"]))).map(({ use }) => use)).toEqual([2]);
    expect(await grants().usesFor(run, reply(["refund"]))).toEqual({});
  });

  it("lets nothing run that its maker could not approve, once it has ended, or was revoked", async () => {
    const { run } = await desk.stored();
    const tried = [
      grant({ grantId: "gra_own", by: { who: "alex", groups: [], authenticated: true } }),
      grant({ grantId: "gra_late", expiresAt: scene.now }),
      grant({ grantId: "gra_wrong", rule: "args.nothing == 1" }),
      grant({ grantId: "gra_other", agentName: "other" }),
      grant({ grantId: "gra_far", namespace: "elsewhere" }),
      grant({ grantId: "gra_back" }),
    ];
    for (const one of tried) await store.putGrant(one);
    await store.revokeGrant("default", "gra_back", { at: scene.now, by: "maria" });
    expect(await grants().usesFor(run, reply(["refund"]))).toEqual({});
    for (const { items } of [await store.listGrants({ namespace: "default", limit: 9 })])
      expect(items.map(({ uses }) => uses)).toEqual(items.map(() => 0));
  });

  it("costs no look at the store for a tool that has none", async () => {
    const { run } = await desk.stored();
    let looks = 0;
    const none = grants({
      liveGrants: (query) => {
        looks += 1;
        return store.liveGrants(query);
      },
    });
    for (let i = 0; i < 5; i += 1) await none.usesFor(run, reply(["refund"]));
    expect(looks).toBe(1);
    expect(run.runId).toBe(RUN);
  });
});
