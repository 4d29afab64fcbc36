// Two engines on one database, and answers that get lost.
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Fact } from "../../src/core/index.js";
import type { Committed } from "../../src/engine.js";
import { approves, claim, completes, type Desk, RUN, Scene, start, told } from "../scenes/scene.js";

function factsOf(committed: readonly Committed[]): readonly Fact["type"][][] {
  return committed.map(({ events }) => events.map(({ fact }) => fact.type));
}

function effectsOf(committed: readonly Committed[]): readonly string[] {
  return committed.flatMap(({ effects }) =>
    effects.map((effect) => ("callId" in effect ? `${effect.kind} ${effect.callId}` : effect.kind)),
  );
}

function two(): readonly [Scene, Desk, Desk] {
  const scene = new Scene();
  return [scene, scene.desk("orc_1"), scene.desk("orc_2")];
}

describe("two engines at one run", () => {
  it("do not overwrite one another: who loses the race decides everything anew, and answers it right", async () => {
    const [, first, second] = two();
    const before = await first.startWith(["look_up", "look_up", "refund"]);
    const release = first.store.hold("commit");
    const asked = [
      first.execute(claim("t1c1", "n1")),
      first.execute(claim("t1c2", "n2")),
      first.execute(approves(before, "t1c3", "d1")),
      first.execute(claim("t1c3", "n3")),
    ];
    await second.execute(claim("t1c1", "m1"));
    await second.execute(completes(before, "t1c1", "m1"));
    await second.execute(approves(before, "t1c3", "d2", { verdict: { kind: "reject" } }));
    release();
    expect(await told(asked)).toEqual(["ENDED", "granted", "ALREADY_DECIDED", "ENDED"]);
    const { run, events } = await first.stored();
    expect(run.turn.calls.map(({ state }) => state.kind)).toEqual(["finished", "claimed", "finished"]);
    expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, index) => index + 1));
    expect(effectsOf(first.committed.slice(2))).toEqual([]);
  });

  it("never refuse, nor call a thing done, from what they knew before the other's turn", async () => {
    const [, first, second] = two();
    const before = await first.startWith(["look_up", "refund"]);
    // Each looks once, so that both have the run as it is now in mind.
    for (const desk of [first, second]) await desk.execute({ type: "tick" });
    const decision = approves(before, "t1c2", "d1");
    expect(await told([second.execute(claim("t1c2", "n1"))])).toEqual(["GATED"]);
    expect(await told([first.execute(decision)])).toEqual(["decided"]);
    expect(await told([second.execute(claim("t1c2", "n1"))])).toEqual(["granted"]);
    expect(await told([first.execute(completes(before, "t1c2", "n1"))])).toEqual(["completed"]);
    expect(await told([second.execute(decision)])).toEqual(["decided before"]);
    expect(await told([second.execute(completes(before, "t1c2", "n1"))])).toEqual(["completed"]);
    const task = { callId: "t1c1", attempt: 1, nonce: "n2", workerId: "w1", incarnation: "w1-1" };
    const release = { type: "release", ...task, reason: "SHUTTING_DOWN", detail: "" };
    await first.execute(claim("t1c1", "n2"));
    expect((await second.execute(release as Parameters<Desk["execute"]>[0])).answer).toMatchObject({ released: true });
    expect(await told([first.execute(claim("t1c1", "n4", { attempt: 2 }))])).toEqual(["granted"]);
  });

  it("interleaved command by command give the same run as one", async () => {
    const [, first, second] = two();
    const before = await first.startWith(["look_up", "charge", "refund"]);
    const commands = [
      claim("t1c1", "n1"),
      approves(before, "t1c3", "d1"),
      claim("t1c2", "n2"),
      claim("t1c3", "n3"),
      completes(before, "t1c2", "n2"),
      completes(before, "t1c3", "n3"),
      completes(before, "t1c1", "n1"),
    ];
    for (const [at, command] of commands.entries()) {
      const [one, other] = at % 2 === 0 ? [first, second] : [second, first];
      const [answer] = await told([one.execute(command)]);
      const [again] = await told([other.execute(command)]);
      expect(["granted", "decided", "completed"]).toContain(answer);
      expect(again).toBe(answer === "decided" ? "decided before" : answer);
    }
    const { run } = await second.stored();
    expect(run.turn).toMatchObject({ number: 2, model: { kind: "calling" } });
  });

  it("at once and again and again all get their answers, and every command takes effect once", async () => {
    const [, first, second] = two();
    await first.startWith(Array.from({ length: 60 }, () => "look_up"));
    const asked = Array.from({ length: 60 }, (_, index) =>
      [first, second].map((desk) => desk.execute(claim(`t1c${index + 1}`, `${desk.name}-${index}`))),
    );
    for (const pair of asked) expect((await told(pair)).toSorted()).toEqual(["TAKEN", "granted"]);
    const { run, events } = await first.stored();
    expect(run.turn.calls.every(({ state }) => state.kind === "claimed")).toBe(true);
    expect(events.filter(({ fact }) => fact.type === "tool_started")).toHaveLength(60);
  });
});

describe("a run that others change all the time", () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it("is given up with CONFLICT after many lost races, says to try again, and then works", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const [scene, first] = two();
    await first.startWith(["look_up"]);
    for (let i = 0; i < 12; i += 1) {
      first.store.beforeNext("commit", () => {
        const record = scene.database.runs.get(RUN);
        if (record !== undefined) scene.database.runs.set(RUN, { ...record, version: record.version + 1 });
      });
    }
    const outcome = first.execute(claim("t1c1", "n1")).catch((error: unknown) => error);
    let settled = false;
    void outcome.then(() => {
      settled = true;
    });
    while (!settled) await vi.advanceTimersByTimeAsync(200);
    expect(await outcome).toMatchObject({ reason: "CONFLICT", retryable: true, retryAfterMs: 200 });
    expect(first.store.count("commit")).toBe(14);
    expect(await told([first.execute(claim("t1c1", "n1"))])).toEqual(["granted"]);
  });
});

describe("a lost answer", () => {
  it("of a write that went through: decided again, answered as done, told and acted on once", async () => {
    const [, first] = two();
    const before = await first.startWith(["look_up", "refund"]);
    first.committed.length = 0;
    first.store.befall("commit", "answer_lost");
    const asked = [first.execute(approves(before, "t1c2", "d1")), first.execute(claim("t1c1", "n1"))];
    expect(await told(asked)).toEqual(["decided before", "granted"]);
    expect(factsOf(first.committed)).toEqual([["decided", "tool_started"]]);
    expect(effectsOf(first.committed)).toEqual(["announce t1c2"]);
    expect((await first.stored()).version).toBe(before.version + 1);
  });

  it("of a write that went through, beside a command that still changes something: nothing of either is forgotten", async () => {
    const [scene, first] = two();
    const before = await first.startWith(["look_up", "refund"]);
    first.committed.length = 0;
    first.store.befall("commit", "answer_lost");
    // Moving a time changes the run each time that it is asked for.
    const move = first.execute({ type: "reschedule", due: { "announce/t1c1/1": scene.now + 60_000 } });
    const asked = [first.execute(approves(before, "t1c2", "d1")), move];
    expect(await told(asked)).toEqual(["decided before", "ok"]);
    expect(factsOf(first.committed)).toEqual([["decided"]]);
    expect(effectsOf(first.committed)).toEqual(["announce t1c1", "announce t1c2"]);
  });

  it("of a write that did not go through: decided again and written", async () => {
    const [, first] = two();
    const before = await first.startWith(["refund"]);
    const { never } = { never: new Promise<void>(() => {}) };
    first.store.befall("commit", { late: never });
    expect(await told([first.execute(approves(before, "t1c1", "d1"))])).toEqual(["decided"]);
    expect((await first.stored()).version).toBe(before.version + 1);
  });

  it("of a write that goes through much later: it finds another in its place and changes nothing", async () => {
    const [, first] = two();
    const before = await first.startWith(["refund"]);
    let arrive = (): void => {};
    const late = new Promise<void>((resolve) => {
      arrive = resolve;
    });
    first.store.befall("commit", { late });
    expect(await told([first.execute(approves(before, "t1c1", "d1"))])).toEqual(["decided"]);
    const stored = await first.stored();
    arrive();
    await new Promise((resolve) => setImmediate(resolve));
    expect(await first.stored()).toEqual(stored);
  });

  it("of a start: the run is there, and its model call is made", async () => {
    const [, first] = two();
    const agent = await first.agent();
    first.store.befall("commit", "answer_lost");
    expect(await told([first.execute(start(), { agent })])).toEqual(["found"]);
    expect(factsOf(first.committed)).toEqual([["run_started"]]);
    expect(effectsOf(first.committed)).toEqual(["call_model"]);
  });

  it("again and again still ends in one effect", async () => {
    const [, first] = two();
    const before = await first.startWith(["refund"]);
    first.store.befall("commit", "answer_lost", "answer_lost", "answer_lost");
    expect(await told([first.execute(approves(before, "t1c1", "d1"))])).toEqual(["decided before"]);
    expect(await told([first.execute(claim("t1c1", "n1"))])).toEqual(["granted"]);
    const { events } = await first.stored();
    expect(events.filter(({ fact }) => fact.type === "decided" || fact.type === "tool_started")).toHaveLength(2);
  });
});

describe("a store that is away", () => {
  it.each(["load", "commit"] as const)(
    "at %s: everybody is told so, nothing is half done, and later it works",
    async (at) => {
      const [, first, second] = two();
      const before = await first.startWith(["look_up", "refund"]);
      // The second has never seen the run, so it reads first.
      second.store.befall(at, "away");
      const ask = (): readonly Promise<Awaited<ReturnType<Desk["execute"]>>>[] => [
        second.execute(claim("t1c1", "n1")),
        second.execute(approves(before, "t1c2", "d1")),
      ];
      expect(await told(ask())).toEqual(["STORE_UNAVAILABLE", "STORE_UNAVAILABLE"]);
      expect((await first.stored()).version).toBe(before.version);
      expect(second.committed).toEqual([]);
      expect(await told(ask())).toEqual(["granted", "decided"]);
      await second.engine.drain();
    },
  );

  it("while a refusal is to be made sure of: nothing is refused on hearsay", async () => {
    const [, first] = two();
    await first.startWith(["refund"]);
    first.store.befall("load", "away");
    expect(await told([first.execute(claim("t1c1", "n1"))])).toEqual(["STORE_UNAVAILABLE"]);
    expect(await told([first.execute(claim("t1c1", "n1"))])).toEqual(["GATED"]);
  });

  it("after it took a write whose answer it lost: the caller asks again and is answered as done", async () => {
    const [, first] = two();
    const before = await first.startWith(["refund"]);
    first.store.befall("commit", "answer_lost");
    first.store.befall("load", "away");
    const decision = approves(before, "t1c1", "d1");
    expect(await told([first.execute(decision)])).toEqual(["STORE_UNAVAILABLE"]);
    expect(await told([first.execute(decision)])).toEqual(["decided before"]);
    expect((await first.stored()).version).toBe(before.version + 1);
  });

  it("while definitions are read: commands of the run are told so, and later they work", async () => {
    const [, first, second] = two();
    await first.startWith(["look_up"]);
    second.store.befall("getAgent", "away");
    expect(await told([second.execute(claim("t1c1", "n1"))])).toEqual(["STORE_UNAVAILABLE"]);
    expect(await told([second.execute(claim("t1c1", "n1"))])).toEqual(["granted"]);
  });
});
