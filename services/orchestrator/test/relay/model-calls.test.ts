import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { callsTools, fails, Gate, gated, hangs, ScriptedModels, says } from "../../src/models/scripted-models.js";
import type { Models } from "../../src/ports.js";
import { RelayDesk } from "../scenes/relay-scene.js";
import { claim, type Desk, RUN, Scene, start } from "../scenes/scene.js";

const KEY = `${RUN}/model/1/1`;

describe("a model call", () => {
  let scene: Scene;
  let desk: Desk;

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    scene = new Scene();
    desk = scene.desk();
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  async function begin(input = "hello", runId = RUN): Promise<void> {
    await desk.execute(start(runId, { input, requestHash: input }), { agent: await desk.agent(), runId });
  }

  /** Lets time pass, on the machine and for the run, until it is so. */
  async function until(done: () => boolean | Promise<boolean>, stepMs = 10): Promise<void> {
    for (let i = 0; i < 2_000; i += 1) {
      if (await done()) return;
      scene.now += stepMs;
      await vi.advanceTimersByTimeAsync(stepMs);
      await new Promise((resolve) => setImmediate(resolve));
    }
    throw new Error("It did not come about.");
  }

  const ended = async () => (await desk.stored()).run.phase.kind === "ended";

  it("is made after the commit, listed while it is in hand, and stored", async () => {
    const gate = new Gate();
    const models = new ScriptedModels([gated(gate, says("hello back"))]);
    const { relay } = new RelayDesk(desk, models);
    await begin();
    await gate.reached;
    expect(relay.inHand()).toEqual([KEY]);
    expect(relay.hasInHand(KEY)).toBe(true);
    gate.open();
    await until(ended);
    expect(relay.inHand()).toEqual([]);
    models.assertUsed();
  });

  it("is made once, however often its holder is told of it", async () => {
    const gate = new Gate();
    const models = new ScriptedModels([gated(gate, says("once"))]);
    const { relay } = new RelayDesk(desk, models);
    await begin();
    await gate.reached;
    const stored = await desk.stored();
    const effect = desk.committed[0]?.effects[0];
    if (effect?.kind !== "call_model") throw new Error("A model call was owed.");
    for (let i = 0; i < 3; i += 1) relay.callModel(stored, effect);
    relay.callModel(stored, { ...effect, holder: "another" });
    gate.open();
    await until(ended);
    expect(models.calls).toHaveLength(1);
  });

  it("whose reply the store does not take is kept, and not paid for twice", async () => {
    const gate = new Gate();
    const models = new ScriptedModels([gated(gate, callsTools([{ name: "look_up", arguments: {} }]))]);
    const { sent } = new RelayDesk(desk, models);
    await begin();
    await gate.reached;
    desk.store.isAway = true;
    gate.open();
    const back = scene.now + 5 * 60_000;
    await until(() => scene.now >= back, 1_000);
    expect(sent).toEqual([]);
    desk.store.isAway = false;
    await until(() => sent.length > 0);
    expect(sent).toEqual(["announce t1c1 1"]);
    expect(models.calls).toHaveLength(1);
    expect((await desk.stored()).run.turn.calls).toHaveLength(1);
  });

  it("waits for the store where the conversation cannot be read, and costs no attempt", async () => {
    await begin();
    const effect = desk.committed[0]?.effects[0];
    if (effect?.kind !== "call_model") throw new Error("A model call was owed.");
    // A process of the same name that has read nothing of the run yet.
    const models = new ScriptedModels([says("hello back")]);
    const fresh = scene.desk();
    const { relay } = new RelayDesk(fresh, models);
    fresh.store.befall("load", "away", "away");
    fresh.store.befall("getAgent", "away");
    relay.callModel(await desk.stored(), effect);
    await until(ended);
    expect((await desk.stored()).run.phase).toMatchObject({ end: { state: "COMPLETED" } });
    expect((await desk.stored()).events.map(({ fact }) => fact.type)).not.toContain("model_failed");
    models.assertUsed();
  });

  it("that fails is made again after a wait that grows, as often as the core says", async () => {
    const models = new ScriptedModels([[fails(), fails(), says("at last")]]);
    new RelayDesk(desk, models);
    await begin();
    const at: number[] = [];
    await until(() => {
      if (models.calls.length > at.length) at.push(scene.now);
      return at.length === 3;
    });
    await until(ended);
    const [first = 0, second = 0, third = 0] = at;
    expect(second - first).toBeGreaterThanOrEqual(400);
    expect(third - second).toBeGreaterThanOrEqual(800);
    models.assertUsed();
  });

  it("that fails for good ends the run", async () => {
    new RelayDesk(desk, new ScriptedModels([fails({ retryable: false, message: "no such model" })]));
    await begin();
    await until(ended);
    expect((await desk.stored()).run.phase).toMatchObject({
      end: { reason: "MODEL_FAILED", message: "no such model" },
    });
  });

  it("that fails in a way nobody thought of is an attempt too: a run asks a model six times and no more", async () => {
    let asked = 0;
    const models: Models = {
      unusable: () => undefined,
      reply: async () => {
        asked += 1;
        throw new TypeError("Cannot read properties of undefined");
      },
    };
    new RelayDesk(desk, models);
    await begin();
    await until(ended, 1_000);
    expect(asked).toBe(6);
    const { phase } = (await desk.stored()).run;
    expect(phase).toMatchObject({ end: { state: "FAILED", reason: "MODEL_FAILED" } });
    // What went wrong is for the log: a caller does not see the server's insides.
    expect(JSON.stringify(phase)).not.toContain("properties of undefined");
  });

  it("whose reply cannot be stored is an attempt that failed, and not asked for until the end of days", async () => {
    const models = new ScriptedModels(({ attempt }) => says(attempt === 1 ? "poison" : "good"));
    new RelayDesk(desk, models);
    await begin();
    const commit = desk.store.commit.bind(desk.store);
    desk.store.commit = async (write) => {
      if (write.append.some(({ text }) => text.includes("poison"))) throw new Error("The store chokes on it.");
      return commit(write);
    };
    await until(ended);
    expect((await desk.stored()).run.phase).toMatchObject({ end: { state: "COMPLETED" } });
    expect(models.calls).toHaveLength(2);
  });

  it("is given up when its run ends, and its reply is dropped", async () => {
    const models = new ScriptedModels([hangs()]);
    const { relay } = new RelayDesk(desk, models);
    await begin();
    await until(() => models.calls.length === 1);
    await desk.execute({ type: "cancel", who: "alex", reason: "enough" });
    await until(() => relay.inHand().length === 0);
    expect((await desk.stored()).run.phase).toMatchObject({ end: { state: "CANCELLED" } });
  });

  it("that another has answered meanwhile changes nothing", async () => {
    const gate = new Gate();
    const models = new ScriptedModels([[gated(gate, says("too late")), says("in time")]]);
    new RelayDesk(desk, models);
    await begin();
    await gate.reached;
    await desk.execute({ type: "replace_model_call", turn: 1, attempt: 1 });
    await until(ended);
    gate.open();
    await until(() => true);
    const { events } = await desk.stored();
    expect(events.filter(({ fact }) => fact.type === "model_replied")).toHaveLength(1);
    expect(JSON.stringify(events.at(-1)?.fact)).toContain("in time");
  });

  it("takes a lone surrogate for what it is, so that it can be stored and sent", async () => {
    new RelayDesk(desk, new ScriptedModels([says("half \ud83d of it")]));
    await begin();
    await until(ended);
    expect(JSON.stringify((await desk.stored()).events.at(-1)?.fact)).toContain("half \ufffd of it");
  });

  it("waits its turn where many are made at once, and is then made on the run as it is", async () => {
    const gate = new Gate();
    const models = new ScriptedModels(({ userText }) =>
      userText === "first" ? gated(gate, says("one")) : says("another"),
    );
    const { relay } = new RelayDesk(desk, models, { mostModelCalls: 1 });
    await begin("first", "run_a");
    await gate.reached;
    for (const id of ["run_b", "run_c", "run_d"]) await begin(id, id);
    await desk.execute({ type: "cancel", who: "alex", reason: "" }, { runId: "run_c" });
    expect(relay.inHand()).toHaveLength(4);
    expect(models.calls).toHaveLength(1);
    gate.open();
    await until(() => relay.inHand().length === 0);
    expect(models.calls.map(({ userText }) => userText).toSorted()).toEqual(["first", "run_b", "run_d"]);
  });

  it("tells the text in pieces only where somebody wants it so", async () => {
    const gate = new Gate();
    const turns = {
      "nobody looks": [says("a", { deltas: ["a"] })],
      "somebody looks": [gated(gate, says("bc", { deltas: ["b", "c"] }))],
    };
    const { live, wishes } = new RelayDesk(desk, new ScriptedModels(turns));
    const deltas = () =>
      live.flatMap(({ events }) => events.flatMap(({ event }) => (event.case === "delta" ? [event.value.text] : [])));
    await begin("nobody looks", "run_a");
    await until(async () => (await desk.stored("run_a")).run.phase.kind === "ended");
    expect(deltas()).toEqual([]);
    wishes.wish("default", "run_b");
    await begin("somebody looks", "run_b");
    gate.open();
    await until(async () => (await desk.stored("run_b")).run.phase.kind === "ended");
    expect(deltas()).toEqual(["b", "c"]);
  });
});

describe("an orchestrator that stops", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  async function begun(steps: ConstructorParameters<typeof ScriptedModels>[0]) {
    const desk = new Scene().desk();
    const models = new ScriptedModels(steps);
    const { relay, sent } = new RelayDesk(desk, models);
    await desk.execute(start(), { agent: await desk.agent() });
    while (models.calls.length === 0) await new Promise((resolve) => setImmediate(resolve));
    return { desk, relay, models, sent };
  }

  it("finishes within the grace what it has in hand", async () => {
    const gate = new Gate();
    const { desk, relay } = await begun([gated(gate, says("just in time"))]);
    const stopped = relay.stop(5_000);
    gate.open();
    await stopped;
    await desk.engine.drain();
    expect((await desk.stored()).run.phase.kind).toBe("ended");
    expect(relay.leftCalls()).toEqual([]);
  });

  it("gives up what takes longer, and names it", async () => {
    const { relay, desk } = await begun([hangs()]);
    const stopped = relay.stop(5_000);
    await vi.advanceTimersByTimeAsync(4_999);
    expect(relay.inHand()).toEqual([KEY]);
    await vi.advanceTimersByTimeAsync(1);
    await stopped;
    expect(relay.inHand()).toEqual([]);
    expect(relay.leftCalls()).toEqual([{ runId: RUN, key: "model/1/1" }]);
    // The attempt is still owed, and no one's fault.
    expect((await desk.stored()).run.turn.model).toMatchObject({ kind: "calling", attempt: 1 });
  });

  it("makes no new call, and names those that it came to hold since", async () => {
    const gate = new Gate();
    const { desk, relay, models } = await begun([
      gated(gate, callsTools([{ name: "look_up", arguments: "nonsense" }])),
      says(""),
    ]);
    const stopped = relay.stop(5_000);
    gate.open();
    await stopped;
    await desk.engine.drain();
    expect((await desk.stored()).run.turn).toMatchObject({ number: 2, model: { kind: "calling" } });
    expect(models.calls).toHaveLength(1);
    expect(relay.leftCalls()).toEqual([{ runId: RUN, key: "model/2/1" }]);
  });
});

describe("what follows a commit", () => {
  it("is announced and withdrawn over the bus, and told to whoever watches", async () => {
    const desk = new Scene().desk();
    const { sent, live } = new RelayDesk(
      desk,
      new ScriptedModels([
        callsTools([
          { name: "look_up", arguments: {} },
          { name: "charge", arguments: {} },
        ]),
      ]),
    );
    await desk.execute(start(), { agent: await desk.agent() });
    while (sent.length < 2) await new Promise((resolve) => setImmediate(resolve));
    await desk.execute(claim("t1c2", "n1"));
    await desk.execute({ type: "cancel", who: "alex", reason: "" });
    expect(sent).toEqual(["announce t1c1 1", "announce t1c2 1", "withdraw t1c1"]);
    const sequences = live.flatMap(({ events }) => events.map(({ sequence }) => Number(sequence)));
    expect(sequences).toEqual(sequences.map((_, index) => index + 1));
    expect(live.at(-1)).toMatchObject({ runId: RUN, lastSequence: BigInt(sequences.length), ended: false });
  });

  it("does not fail where the bus is away: it is still owed", async () => {
    const desk = new Scene().desk();
    const { relay, sent } = Object.assign(new RelayDesk(desk, new ScriptedModels(() => undefined)), { busAway: true });
    const { run } = await desk.startWith(["look_up"]);
    expect(await relay.announce(run, "t1c1", 1)).toBe(false);
    expect(await relay.announce(run, "t1c9", 1)).toBe(true);
    await desk.execute({ type: "cancel", who: "alex", reason: "" });
    expect(sent).toEqual([]);
  });
});
