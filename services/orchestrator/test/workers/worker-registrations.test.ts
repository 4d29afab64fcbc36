// What workers are told of their registrations and heartbeats, whichever orchestrator they ask.
import { describe, expect, it } from "vitest";
import { Office, TOOLS } from "../scenes/office.js";
import type { Desk, Scene } from "../scenes/scene.js";
import { instanceOf, withTwoOffices } from "../scenes/two-offices.js";

let scene: Scene;
let desk: Desk;
let office: Office;
/** Another orchestrator on the same database. */
let other: Office;

withTwoOffices((made) => {
  ({ scene, desk, office, other } = made);
});

describe("a registration", () => {
  it("keeps what the owner demands before any consumer exists, and shows that the worker lives", async () => {
    const fresh = new Office(scene.desk("orc_3"));
    fresh.broker.stop();
    const tools = [{ ...TOOLS[0], approvalRequired: true }];
    expect((await fresh.register("w2", { tools })).error?.reason).toBe("BUS_UNAVAILABLE");
    expect(await desk.store.getTools("default", [{ queue: "desk", tool: "look_up" }])).toMatchObject([
      { approval: true },
    ]);
    expect(await instanceOf(desk, "w2-1")).toMatchObject({ kind: "worker", name: "w2", counter: 0 });
    expect((await office.register("w3")).consumers).toHaveLength(TOOLS.length);
  });

  it("of a process that is another is refused: nobody shows life for somebody else", async () => {
    expect((await office.register("w2", { incarnation: "w1-1" })).error?.reason).toBe("INVALID_REQUEST");
    await desk.store.beat([
      { incarnation: "orc_9", kind: "orchestrator", name: "orc_9", namespace: "", counter: 3, inHand: [], tools: [] },
    ]);
    expect((await office.register("w2", { incarnation: "orc_9" })).error?.reason).toBe("INVALID_REQUEST");
    expect((await office.register("w1")).error).toBeUndefined();
  });

  it.each([
    ["no incarnation", { incarnation: "" }],
    ["a namespace that is no name", { namespace: "a.b" }],
    ["a tool that is no name", { tools: [{ queue: "desk", name: "a b" }] }],
    ["a schema that is none", { tools: [{ queue: "desk", name: "look_up", inputSchemaJson: "{" }] }],
    [
      "a thousand tools and one",
      { tools: Array.from({ length: 1_001 }, (_, i) => ({ queue: "desk", name: `t${i}` })) },
    ],
  ])("with %s is refused, and nothing of it is kept", async (_what, more) => {
    const { error, consumers } = await office.register("w2", more);
    expect(["INVALID_REQUEST", "LIMIT_EXCEEDED"]).toContain(error?.reason);
    expect(error?.retryAfter).toBeUndefined();
    expect(consumers).toEqual([]);
    expect(await instanceOf(desk, "w2-1")).toBeUndefined();
  });

  it("while the store is away says when to ask again", async () => {
    desk.store.isAway = true;
    expect((await office.register("w2")).error).toMatchObject({ reason: "STORE_UNAVAILABLE", retryAfter: {} });
  });
});

describe("a heartbeat", () => {
  it("is answered after it is stored, and not where it is not", async () => {
    desk.store.befall("beat", "away");
    expect((await office.heartbeat()).error).toMatchObject({ reason: "STORE_UNAVAILABLE", retryAfter: {} });
    expect(await instanceOf(desk)).toMatchObject({ counter: 0 });
    expect((await office.heartbeat([{ nonce: "n1" }])).error).toBeUndefined();
    expect(await instanceOf(desk)).toMatchObject({ counter: 2, inHand: ["n1", "begun:n1"] });
  });

  it("is taken by any orchestrator, also one that was never told of the worker", async () => {
    expect(await other.heartbeat()).toMatchObject({ register: false });
    expect(await instanceOf(desk)).toMatchObject({
      counter: 1,
      tools: TOOLS.map(({ name }) => ({ queue: "desk", tool: name })),
    });
  });

  it("of a worker that nobody knows asks it to register", async () => {
    expect(await office.heartbeat([], "w7")).toMatchObject({ register: true, stop: [] });
    expect(await instanceOf(desk, "w7-1")).toBeUndefined();
  });

  it("for another worker's incarnation is refused", async () => {
    expect((await office.heartbeat([], "w7", { incarnation: "w1-1" })).error?.reason).toBe("INVALID_REQUEST");
  });

  it("that comes late changes nothing", async () => {
    await office.heartbeat([{ nonce: "n2" }], "w1", { counter: 9n });
    await office.heartbeat([{ nonce: "n1" }], "w1", { counter: 8n });
    expect(await instanceOf(desk)).toMatchObject({ counter: 9, inHand: ["n2", "begun:n2"] });
  });

  it("with garbage or with more tasks than anybody has is refused whole", async () => {
    const tasks = Array.from({ length: 10_001 }, (_, at) => ({ nonce: `n${at}` }));
    expect((await office.heartbeat(tasks)).error?.reason).toBe("LIMIT_EXCEEDED");
    expect((await office.heartbeat([{ nonce: "" }])).error?.reason).toBe("INVALID_REQUEST");
    expect((await office.heartbeat([{ nonce: "n".repeat(300) }])).error?.reason).toBe("INVALID_REQUEST");
    expect((await office.heartbeat([], "w1", { incarnation: "" })).error?.reason).toBe("INVALID_REQUEST");
    expect(await instanceOf(desk)).toMatchObject({ counter: 0 });
  });

  it("costs one read of the runs in hand, and none where nothing has begun", async () => {
    await desk.startWith(["charge", "charge"]);
    await office.claim({ nonce: "n1" });
    await office.claim({ nonce: "n2", callId: "t1c2" });
    desk.store.forgetCalls();
    const tasks = [{ nonce: "n1" }, { nonce: "n2", callId: "t1c2" }];
    expect((await office.heartbeat(tasks.map((task) => ({ ...task, begun: false })))).stop).toEqual([]);
    expect(desk.store.calls).toEqual(["beat"]);
    desk.store.forgetCalls();
    expect((await office.heartbeat(tasks)).stop).toEqual([]);
    expect(desk.store.calls).toEqual(["beat", "states"]);
  });

  it("tells to stop what is another's, what was cancelled and what is not known, and nothing else", async () => {
    await desk.startWith(["charge", "charge", "look_up"]);
    await office.claim({ nonce: "n1" });
    await office.claim({ nonce: "n2", callId: "t1c2" });
    const tasks = [
      { nonce: "n1" },
      { nonce: "another", callId: "t1c2" },
      { nonce: "n3", callId: "t9c9" },
      { nonce: "n4", runId: "run_unknown" },
    ];
    expect((await office.heartbeat(tasks)).stop).toEqual(["another", "n3", "n4"]);
    await desk.execute({ type: "cancel", who: "alex", reason: "" });
    expect((await other.heartbeat(tasks)).stop).toEqual(["n1", "another", "n3", "n4"]);
  });

  it("tells to stop what is of a run that is not there, begun or not, with one read for a thousand runs", async () => {
    await desk.startWith(["charge"]);
    await office.claim({ nonce: "n1" });
    const mine = { nonce: "n1", begun: false };
    const strange = Array.from({ length: 8_000 }, (_, at) => ({ nonce: `s${at}`, runId: `gone_${at}`, begun: false }));
    desk.store.forgetCalls();
    expect((await office.heartbeat([mine, ...strange])).stop).toEqual(strange.map(({ nonce }) => nonce));
    expect(desk.store.calls).toEqual(["beat", ...Array.from({ length: 8 }, () => "states")]);
    // What another orchestrator granted is looked up, and goes on.
    expect((await other.heartbeat([mine])).stop).toEqual([]);
    expect((await other.heartbeat([{ nonce: "s", runId: "gone_0" }])).stop).toEqual(["s"]);
  });

  it("tells nobody to stop on hearsay: the run is read again first", async () => {
    await desk.startWith(["charge"]);
    const before = await desk.stored();
    await office.claim({ nonce: "n1" });
    // A primary that is none any more shows the run as it was.
    desk.store.states = async () => ({ states: [{ run: before.run, version: before.version }], unreadable: [] });
    expect((await office.heartbeat([{ nonce: "n1" }])).stop).toEqual([]);
    desk.store.befall("load", "away");
    expect((await office.heartbeat([{ nonce: "n1" }])).error?.reason).toBe("STORE_UNAVAILABLE");
  });
});

describe("a sign of life", () => {
  it("with a counter that could not be read again is refused, and the one before stays", async () => {
    await office.heartbeat([], "w1", { counter: 7n });
    for (const counter of [2n ** 53n, 2n ** 64n - 1n])
      expect((await office.heartbeat([], "w1", { counter })).error?.reason).toBe("INVALID_REQUEST");
    expect(await instanceOf(desk, "w1-1")).toMatchObject({ counter: 7 });
    const most = BigInt(Number.MAX_SAFE_INTEGER);
    expect((await office.heartbeat([], "w1", { counter: most })).error).toBeUndefined();
    expect(await instanceOf(desk, "w1-1")).toMatchObject({ counter: Number.MAX_SAFE_INTEGER });
  });
});
