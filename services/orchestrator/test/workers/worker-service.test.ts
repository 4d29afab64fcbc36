// What workers are told, whichever orchestrator they ask.
import {
  ClaimRequestSchema,
  type ClaimResponse,
  CompleteRequestSchema,
  CompletionStatus,
  HeartbeatRequestSchema,
  RefusalReason,
  RegisterRequestSchema,
  ReleaseReason,
  ReleaseRequestSchema,
} from "@agentspan/proto";
import { create } from "@bufbuild/protobuf";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { WorkerRegistry } from "../../src/worker-registry.js";
import { Office, TOOLS } from "../scenes/office.js";
import { type Desk, RUN, Scene } from "../scenes/scene.js";

function told({ answer, error }: ClaimResponse): string {
  if (error !== undefined) return error.reason;
  return answer.case === "refusal" ? RefusalReason[answer.value.reason] : (answer.case ?? "nothing");
}

let scene: Scene;
let desk: Desk;
let office: Office;
/** Another orchestrator on the same database. */
let other: Office;

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  scene = new Scene();
  desk = scene.desk("orc_1");
  office = new Office(desk);
  other = new Office(scene.desk("orc_2"), office.broker);
  await office.register();
});

afterEach(() => {
  vi.useRealTimers();
});

/** Lets a second pass, and what comes of it come to its end. */
async function second(): Promise<void> {
  await vi.advanceTimersByTimeAsync(1_000);
  for (let i = 0; i < 10; i += 1) await new Promise((resolve) => setImmediate(resolve));
}

async function stateOf(callId = "t1c1") {
  return (await desk.stored()).run.turn.calls.find((call) => call.callId === callId)?.state;
}

async function instanceOf(incarnation = "w1-1") {
  return (await desk.store.readInstances([incarnation]))[0];
}

describe("a registration", () => {
  it("keeps what the owner demands before any consumer exists, and shows that the worker lives", async () => {
    const fresh = new Office(scene.desk("orc_3"));
    fresh.broker.stop();
    const tools = [{ ...TOOLS[0], approvalRequired: true }];
    expect((await fresh.register("w2", { tools })).error?.reason).toBe("BUS_UNAVAILABLE");
    expect(await desk.store.getTools("default", [{ queue: "desk", tool: "look_up" }])).toMatchObject([
      { approval: true },
    ]);
    expect(await instanceOf("w2-1")).toMatchObject({ kind: "worker", name: "w2", counter: 0 });
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
    expect(await instanceOf("w2-1")).toBeUndefined();
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
    expect(await instanceOf()).toMatchObject({ counter: 0 });
    expect((await office.heartbeat([{ nonce: "n1" }])).error).toBeUndefined();
    expect(await instanceOf()).toMatchObject({ counter: 2, inHand: ["n1", "begun:n1"] });
  });

  it("is taken by any orchestrator, also one that was never told of the worker", async () => {
    expect(await other.heartbeat()).toMatchObject({ register: false });
    expect(await instanceOf()).toMatchObject({
      counter: 1,
      tools: TOOLS.map(({ name }) => ({ queue: "desk", tool: name })),
    });
  });

  it("of a worker that nobody knows asks it to register", async () => {
    expect(await office.heartbeat([], "w7")).toMatchObject({ register: true, stop: [] });
    expect(await instanceOf("w7-1")).toBeUndefined();
  });

  it("for another worker's incarnation is refused", async () => {
    expect((await office.heartbeat([], "w7", { incarnation: "w1-1" })).error?.reason).toBe("INVALID_REQUEST");
  });

  it("that comes late changes nothing", async () => {
    await office.heartbeat([{ nonce: "n2" }], "w1", { counter: 9n });
    await office.heartbeat([{ nonce: "n1" }], "w1", { counter: 8n });
    expect(await instanceOf()).toMatchObject({ counter: 9, inHand: ["n2", "begun:n2"] });
  });

  it("with garbage or with more tasks than anybody has is refused whole", async () => {
    const tasks = Array.from({ length: 10_001 }, (_, at) => ({ nonce: `n${at}` }));
    expect((await office.heartbeat(tasks)).error?.reason).toBe("LIMIT_EXCEEDED");
    expect((await office.heartbeat([{ nonce: "" }])).error?.reason).toBe("INVALID_REQUEST");
    expect((await office.heartbeat([{ nonce: "n".repeat(300) }])).error?.reason).toBe("INVALID_REQUEST");
    expect((await office.heartbeat([], "w1", { incarnation: "" })).error?.reason).toBe("INVALID_REQUEST");
    expect(await instanceOf()).toMatchObject({ counter: 0 });
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
    desk.store.states = async () => [{ run: before.run, version: before.version }];
    expect((await office.heartbeat([{ nonce: "n1" }])).stop).toEqual([]);
    desk.store.befall("load", "away");
    expect((await office.heartbeat([{ nonce: "n1" }])).error?.reason).toBe("STORE_UNAVAILABLE");
  });
});

describe("a plain task", () => {
  beforeEach(async () => {
    await desk.startWith(["look_up"]);
  });

  it("is granted without a write, kept from others meanwhile, and stored after a second", async () => {
    desk.store.forgetCalls();
    expect(told(await office.claim({ nonce: "n1" }))).toBe("grant");
    expect(desk.store.count("commit")).toBe(0);
    expect(told(await office.claim({ nonce: "n2" }, "w1"))).toBe("TAKEN");
    expect(told(await office.claim({ nonce: "n1" }))).toBe("grant");
    expect(await stateOf()).toMatchObject({ kind: "ready" });
    await second();
    expect(await stateOf()).toMatchObject({ kind: "claimed", nonce: "n1" });
    expect(told(await other.claim({ nonce: "n2" }))).toBe("TAKEN");
  });

  it("is stored with its outcome where that comes first, in one write", async () => {
    await office.claim({ nonce: "n1" });
    desk.store.forgetCalls();
    expect((await office.complete({ nonce: "n1" })).status).toBe(CompletionStatus.ACCEPTED);
    expect(desk.store.count("commit")).toBe(1);
    await second();
    expect(desk.store.count("commit")).toBe(1);
    const facts = (await desk.stored()).events.map(({ fact }) => fact.type);
    expect(facts.slice(-2)).toEqual(["tool_started", "tool_result"]);
  });

  it("is stored by a heartbeat, taken by whichever orchestrator", async () => {
    await office.claim({ nonce: "n1" });
    expect((await other.heartbeat([{ nonce: "n1" }])).stop).toEqual([]);
    expect(await stateOf()).toMatchObject({ kind: "claimed", nonce: "n1" });
  });

  it("of a worker that lost the race is told to stop", async () => {
    await office.claim({ nonce: "n1" });
    await other.claim({ nonce: "n2" });
    expect((await other.heartbeat([{ nonce: "n2" }])).stop).toEqual([]);
    expect((await office.heartbeat([{ nonce: "n1" }])).stop).toEqual(["n1"]);
  });

  it("that has begun goes on through a pause, and its outcome is taken", async () => {
    await office.claim({ nonce: "n1" });
    await desk.execute({ type: "pause", who: "alex", reason: "", requestId: "p1" });
    expect((await office.heartbeat([{ nonce: "n1" }])).stop).toEqual([]);
    await office.register("w2");
    expect(told(await office.claim({ nonce: "n9" }, "w2"))).toBe("TAKEN");
    expect((await office.complete({ nonce: "n1" })).status).toBe(CompletionStatus.ACCEPTED);
  });

  it("is kept from others while the store is away, and stored when it is back", async () => {
    await office.claim({ nonce: "n1" });
    desk.store.isAway = true;
    await second();
    await second();
    desk.store.isAway = false;
    expect(told(await office.claim({ nonce: "n2" }))).toBe("TAKEN");
    await second();
    expect(await stateOf()).toMatchObject({ kind: "claimed", nonce: "n1" });
  });

  it("is not let go by an outcome or a release of somebody else", async () => {
    await office.claim({ nonce: "n1" });
    expect((await office.release({ nonce: "n8", attempt: 2 })).released).toBe(false);
    await office.complete({ nonce: "n9", attempt: 2 });
    expect(told(await office.claim({ nonce: "n2" }))).toBe("TAKEN");
  });

  it("is stored at once when the orchestrator stops: nobody else knows of it", async () => {
    await office.claim({ nonce: "n1" });
    await office.service.stop();
    expect(await stateOf()).toMatchObject({ kind: "claimed", nonce: "n1" });
  });

  it("that fails is tried again by its policy, as the next attempt", async () => {
    await office.claim({ nonce: "n1" });
    expect((await office.complete({ nonce: "n1" }, { error: "busy", retryable: true })).status).toBe(
      CompletionStatus.ACCEPTED,
    );
    expect(await stateOf()).toMatchObject({ kind: "ready", attempt: 2 });
    expect(told(await office.claim({ nonce: "n1" }))).toBe("TAKEN");
  });
});

describe("a claim whose nonce somebody else knows", () => {
  /** Another worker, and the next start of the one that claimed. */
  const OTHERS = [
    ["w2", {}],
    ["w1", { incarnation: "w1-2" }],
  ] as const;

  beforeEach(async () => {
    for (const [worker, more] of OTHERS) await office.register(worker, more);
  });

  it.each(["charge", "look_up"])("of %s is granted again to the process that made it alone", async (tool) => {
    await desk.startWith([tool]);
    expect(told(await office.claim({ nonce: "n1" }))).toBe("grant");
    for (const [worker, more] of OTHERS) expect(told(await office.claim({ nonce: "n1" }, worker, more))).toBe("TAKEN");
    expect(told(await office.claim({ nonce: "n1" }))).toBe("grant");
  });

  it.each(["charge", "look_up"])("of %s is completed and given back by that process alone", async (tool) => {
    await desk.startWith([tool]);
    await office.claim({ nonce: "n1" });
    for (const [worker, more] of OTHERS) {
      expect(await office.complete({ nonce: "n1" }, {}, worker, more)).toMatchObject({
        status: CompletionStatus.STALE,
        detail: "The claim is another worker's.",
      });
      expect((await office.release({ nonce: "n1" }, ReleaseReason.SHUTTING_DOWN, worker, more)).released).toBe(false);
      expect(await stateOf()).toMatchObject({ kind: "claimed", workerId: "w1", incarnation: "w1-1" });
    }
    expect((await office.complete({ nonce: "n1" })).status).toBe(CompletionStatus.ACCEPTED);
    for (const [worker, more] of OTHERS) {
      expect((await other.complete({ nonce: "n1" }, {}, worker, more)).status).toBe(CompletionStatus.STALE);
    }
    expect((await other.complete({ nonce: "n1" })).status).toBe(CompletionStatus.ACCEPTED);
  });

  it("stays its process's through a pause", async () => {
    await desk.startWith(["look_up"]);
    await office.claim({ nonce: "n1" });
    await desk.execute({ type: "pause", who: "alex", reason: "", requestId: "p1" });
    expect((await office.complete({ nonce: "n1" }, {}, "w2")).status).toBe(CompletionStatus.STALE);
    expect((await office.release({ nonce: "n2" }, ReleaseReason.TOO_LATE, "w2")).released).toBe(false);
    expect((await office.complete({ nonce: "n1" })).status).toBe(CompletionStatus.ACCEPTED);
  });
});

describe("the owner of a tool", () => {
  const GATED = [{ ...TOOLS[0], approvalRequired: true }];

  it("gates it at the claim, whoever claims", async () => {
    await desk.startWith(["look_up"]);
    await office.register("w2", { tools: GATED });
    expect(told(await office.claim({ nonce: "n1" }, "w1"))).toBe("GATED");
    expect(await stateOf()).toMatchObject({ kind: "gated" });
  });

  it("gates it at the claim of his own worker, whatever was registered since", async () => {
    await desk.startWith(["look_up"]);
    await office.register("w2", { tools: GATED });
    await office.register("w3");
    expect(told(await office.claim({ nonce: "n1" }, "w2"))).toBe("GATED");
  });

  it("is the strictest of all who serve it: an older version that starts beside takes no gate away", async () => {
    await desk.startWith(["look_up"]);
    await office.register("w2", { tools: GATED });
    await office.register("w3");
    expect(await new WorkerRegistry(desk.store).keptDemand("default", "desk", "look_up")).toMatchObject({
      approval: true,
    });
    expect(told(await office.claim({ nonce: "n1" }, "w3"))).toBe("GATED");
  });

  it("is heard for ten minutes after the last sign of life, and then whoever registered since", async () => {
    const gated = async () => (await new WorkerRegistry(desk.store).keptDemand("default", "desk", "look_up")).approval;
    await office.register("w2", { tools: GATED });
    scene.now += 60 * 60_000;
    expect(await gated()).toBe(true);
    await office.register("w3");
    expect(await gated()).toBe(false);
    await office.register("w2", { tools: GATED, incarnation: "w2-2" });
    await office.register("w3", { incarnation: "w3-2" });
    scene.now += 9 * 60_000;
    expect(await gated()).toBe(true);
    scene.now += 2 * 60_000;
    expect(await gated()).toBe(false);
  });

  it.each([true, false])(
    "is heard by an orchestrator that knew the run from before the call: gated %s",
    async (gated) => {
      await desk.startWith(["look_up"]);
      await office.claim({ nonce: "n1" });
      // The other has the run in mind as it is now; then the model calls the tool once more, which it does not see.
      await other.desk.execute({ type: "tick" });
      await office.complete({ nonce: "n1" });
      const reply = { text: "", finishReason: "TOOL_CALLS", usage: { inputTokens: 1, outputTokens: 1 } } as const;
      const calls = [{ modelCallId: "m", name: "look_up", argumentsText: "{}" }];
      await desk.execute({ type: "take_model_reply", turn: 2, attempt: 1, reply: { ...reply, calls }, owners: {} });
      if (gated) await office.register("w2", { tools: GATED });
      expect(told(await other.claim({ nonce: "n2", callId: "t2c1" }))).toBe(gated ? "GATED" : "grant");
      expect(await stateOf("t2c1")).toMatchObject({ kind: gated ? "gated" : "ready" });
    },
  );

  it("makes it start at most once: then its claim is stored before the grant", async () => {
    await desk.startWith(["look_up"]);
    await office.register("w2", { tools: [{ ...TOOLS[0], once: true }] });
    const { answer } = await office.claim({ nonce: "n1" });
    expect(answer).toMatchObject({ case: "grant", value: { guarded: true } });
    expect(await stateOf()).toMatchObject({ kind: "claimed", nonce: "n1" });
  });
});

describe("a guarded task", () => {
  beforeEach(async () => {
    await desk.startWith(["charge"]);
  });

  it("is in the store before it is granted, and granted to one", async () => {
    desk.store.befall("commit", "away");
    expect(told(await office.claim({ nonce: "n1" }))).toBe("STORE_UNAVAILABLE");
    const [one, another] = await Promise.all([office.claim({ nonce: "n1" }), other.claim({ nonce: "n2" })]);
    expect([told(one), told(another)].toSorted()).toEqual(["TAKEN", "grant"]);
    expect(await stateOf()).toMatchObject({ kind: "claimed" });
  });

  it("whose grant was lost is granted again to the same nonce, by whichever orchestrator", async () => {
    const first = await office.claim({ nonce: "n1" });
    const again = await other.claim({ nonce: "n1" });
    expect(again.answer).toMatchObject({ case: "grant" });
    expect(first.answer.case === "grant" && again.answer.case === "grant").toBe(true);
    if (first.answer.case !== "grant" || again.answer.case !== "grant") return;
    expect(again.answer.value.argumentsDigest).toBe(first.answer.value.argumentsDigest);
    expect(again.answer.value.idempotencyKey).toBe(`${RUN}-t1c1`);
  });

  it("given back not begun may be claimed by another", async () => {
    await office.claim({ nonce: "n1" });
    expect((await other.release({ nonce: "n1" }, ReleaseReason.TOO_LATE)).released).toBe(true);
    expect((await other.release({ nonce: "n1" }, ReleaseReason.TOO_LATE)).released).toBe(true);
    expect(told(await office.claim({ nonce: "n2", attempt: 2 }))).toBe("grant");
  });

  it("whose outcome is told twice is told the same", async () => {
    await office.claim({ nonce: "n1" });
    expect((await office.complete({ nonce: "n1" })).status).toBe(CompletionStatus.ACCEPTED);
    expect((await other.complete({ nonce: "n1" })).status).toBe(CompletionStatus.ACCEPTED);
    expect((await other.complete({ nonce: "n9" })).status).toBe(CompletionStatus.STALE);
  });
});

describe("a task that its worker said it had begun", () => {
  it("is not given back, whichever orchestrator is asked: a guarded one is a person's to settle", async () => {
    await desk.startWith(["charge"]);
    await office.claim({ nonce: "n1" });
    await office.heartbeat([{ nonce: "n1" }]);
    expect((await other.release({ nonce: "n1" })).released).toBe(false);
    expect((await office.release({ nonce: "n1" })).released).toBe(false);
    expect(await stateOf()).toMatchObject({ kind: "unknown", grantDead: true });
    expect(told(await office.claim({ nonce: "n2", attempt: 2 }))).toBe("TAKEN");
    expect((await desk.stored()).events.filter(({ fact }) => fact.type === "tool_started")).toHaveLength(1);
    // Its outcome is taken all the same.
    expect((await office.complete({ nonce: "n1" })).status).toBe(CompletionStatus.ACCEPTED);
  });

  it("is not given back by leaving it out of the next heartbeat, or by calling it not begun", async () => {
    await desk.startWith(["charge", "charge"]);
    await office.claim({ nonce: "n1" });
    await office.claim({ nonce: "n2", callId: "t1c2" });
    await office.heartbeat([{ nonce: "n1" }, { nonce: "n2", callId: "t1c2" }], "w1", { counter: 1n });
    await office.heartbeat([{ nonce: "n2", callId: "t1c2", begun: false }], "w1", { counter: 2n });
    // Another takes the next one, and a third the release.
    await other.heartbeat([{ nonce: "n2", callId: "t1c2", begun: false }], "w1", { counter: 3n });
    const third = new Office(scene.desk("orc_3"), office.broker);
    expect((await third.release({ nonce: "n1" })).released).toBe(false);
    expect((await third.release({ nonce: "n2", callId: "t1c2" })).released).toBe(false);
    expect(await instanceOf()).toMatchObject({ inHand: ["n2", "begun:n1", "begun:n2"] });
  });

  it("is remembered for some heartbeats after it is no longer in hand, and not for ever", async () => {
    await office.heartbeat([{ nonce: "n1" }]);
    for (let beat = 0; beat < 10; beat += 1) await office.heartbeat();
    expect(await instanceOf()).toMatchObject({ inHand: ["begun:n1"] });
    await office.heartbeat();
    expect(await instanceOf()).toMatchObject({ inHand: [] });
  });

  it("is forgotten with its outcome", async () => {
    await desk.startWith(["charge"]);
    await office.claim({ nonce: "n1" });
    await office.heartbeat([{ nonce: "n1" }]);
    await office.complete({ nonce: "n1" });
    await office.heartbeat();
    expect(await instanceOf()).toMatchObject({ inHand: [] });
  });

  it("counts as an attempt of a plain tool where it is given back, also where its claim is not stored", async () => {
    await desk.startWith(["look_up", "look_up"]);
    await office.claim({ nonce: "n1" });
    await office.heartbeat([{ nonce: "n1" }]);
    expect((await other.release({ nonce: "n1" })).released).toBe(false);
    expect((await desk.stored()).run.turn.calls[0]).toMatchObject({ failures: 1, releases: 0 });
    await office.claim({ nonce: "n2", callId: "t1c2" });
    await desk.execute({ type: "pause", who: "alex", reason: "", requestId: "p1" });
    await office.heartbeat([{ nonce: "n2", callId: "t1c2" }]);
    expect((await office.release({ nonce: "n2", callId: "t1c2" })).released).toBe(false);
    expect((await desk.stored()).run.turn.calls[1]).toMatchObject({ failures: 1, releases: 0 });
  });
});

describe("an outcome that is told again", () => {
  it.each(["charge", "look_up"])("by %s in another form is stale, and told what became of it", async (tool) => {
    await desk.startWith([tool]);
    await office.claim({ nonce: "n1" });
    expect((await office.complete({ nonce: "n1" }, { resultJson: "1" })).status).toBe(CompletionStatus.ACCEPTED);
    const others = [{ resultJson: "2" }, { error: "no" }, { error: "no", retryable: true }];
    for (const outcome of others) {
      expect(await other.complete({ nonce: "n1" }, outcome)).toMatchObject({
        status: CompletionStatus.STALE,
        detail: "Another outcome of this attempt was recorded first.",
      });
    }
    const wrong = { argumentsDigest: `sha256:${"0".repeat(64)}` };
    expect(await office.complete({ nonce: "n1" }, { resultJson: "1" }, "w1", wrong)).toMatchObject({
      status: CompletionStatus.STALE,
      detail: "The digest is not that of the call's arguments.",
    });
    expect((await other.complete({ nonce: "n1" }, { resultJson: "1" })).status).toBe(CompletionStatus.ACCEPTED);
    expect((await desk.stored()).events.filter(({ fact }) => fact.type === "tool_result")).toHaveLength(1);
  });

  it("twenty times at once and differently is accepted once", async () => {
    await desk.startWith(["charge"]);
    await office.claim({ nonce: "n1" });
    const told = await Promise.all(
      Array.from({ length: 20 }, (_, at) =>
        (at % 2 === 0 ? office : other).complete({ nonce: "n1" }, { resultJson: `${at}` }),
      ),
    );
    expect(told.filter(({ status }) => status === CompletionStatus.ACCEPTED)).toHaveLength(1);
    expect(told.filter(({ status }) => status === CompletionStatus.STALE)).toHaveLength(19);
  });

  it("as it was is answered as it was, also where the attempt failed or its outcome was late", async () => {
    await desk.startWith(["look_up", "charge"]);
    await office.claim({ nonce: "n1" });
    const busy = { error: "busy", retryable: true };
    for (const desk of [office, other])
      expect((await desk.complete({ nonce: "n1" }, busy)).status).toBe(CompletionStatus.ACCEPTED);
    expect((await other.complete({ nonce: "n1" }, { error: "busy" })).status).toBe(CompletionStatus.STALE);
    await office.claim({ nonce: "n2", callId: "t1c2" });
    await desk.execute({ type: "end_claim", callId: "t1c2", attempt: 1, nonce: "n2", how: "LEASE_ENDED" });
    const { run } = await desk.stored();
    const approvalId = Object.keys(run.checkpoints)[0] ?? "";
    const by = { who: "alex", groups: [], authenticated: false };
    const decision = { decisionId: "d1", requestHash: "", ...by, comment: "", approvalId };
    await desk.execute({ type: "decide", ...decision, verdict: { kind: "settle", outcome: "given_up" } });
    const late = { nonce: "n2", callId: "t1c2" };
    for (const desk of [office, other]) expect((await desk.complete(late)).status).toBe(CompletionStatus.LATE);
    expect((await other.complete(late, { resultJson: "9" })).status).toBe(CompletionStatus.STALE);
  });
});

describe("what is not what it should be", () => {
  it("is refused as what it is, and never lost in an error of our own", async () => {
    await desk.startWith(["look_up"]);
    const long = "x".repeat(300);
    expect(told(await office.claim({ nonce: "" }))).toBe("INVALID_REQUEST");
    expect(told(await office.claim({ nonce: long }))).toBe("INVALID_REQUEST");
    expect(told(await office.claim({ nonce: "n1", runId: "run_unknown" }))).toBe("NOT_FOUND");
    expect(told(await office.claim({ nonce: "n1", callId: "__proto__" }))).toBe("NOT_FOUND");
    expect(told(await office.claim({ nonce: "n1", attempt: 7 }))).toBe("TAKEN");
    expect(told(await office.claim({ nonce: "n1" }, "w1", { namespace: "elsewhere" }))).toBe("NOT_FOUND");
    const bare = await office.service.claim("w1", create(ClaimRequestSchema));
    expect(told(bare)).toBe("INVALID_REQUEST");
    const release = await office.service.release(
      "w1",
      create(ReleaseRequestSchema, { runId: RUN, callId: "t1c1", nonce: "n" }),
    );
    expect(release.error?.reason).toBe("INVALID_REQUEST");
    const empty = await office.service.complete(
      "w1",
      create(CompleteRequestSchema, { runId: RUN, callId: "t1c1", nonce: "n" }),
    );
    expect(empty.error?.reason).toBe("INVALID_REQUEST");
    const unknown = {
      runId: "run_unknown",
      callId: "t1c1",
      nonce: "n",
      outcome: { case: "resultJson", value: "1" },
    } as const;
    const stale = await office.service.complete("w1", create(CompleteRequestSchema, unknown));
    expect(stale).toMatchObject({ status: CompletionStatus.STALE, detail: "There is no such run." });
    expect((await office.service.heartbeat("w1", create(HeartbeatRequestSchema))).error?.reason).toBe(
      "INVALID_REQUEST",
    );
    expect((await office.service.register("w1", create(RegisterRequestSchema))).error?.reason).toBe("INVALID_REQUEST");
    expect(await stateOf()).toMatchObject({ kind: "ready", attempt: 1 });
  });

  it("as a result is kept as a text: the tool has run", async () => {
    await desk.startWith(["look_up", "look_up"]);
    await office.claim({ nonce: "n1" });
    await office.complete({ nonce: "n1" }, { resultJson: "plain words, no JSON" });
    expect((await desk.stored()).events.at(-1)?.fact).toMatchObject({
      outcome: { kind: "result", text: '"plain words, no JSON"' },
    });
  });

  it("as an error of our own is told to be tried again: what a worker has in hand is not thrown away for it", async () => {
    await desk.startWith(["charge"]);
    await office.claim({ nonce: "n1" });
    desk.store.commit = async () => {
      throw new TypeError("nobody thought of it");
    };
    const { error } = await office.complete({ nonce: "n1" });
    expect(error).toMatchObject({ reason: "INTERNAL", retryAfter: {} });
    expect(error?.message).not.toContain("nobody thought of it");
  });
});
