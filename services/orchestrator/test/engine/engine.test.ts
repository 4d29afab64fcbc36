import { describe, expect, it } from "vitest";
import { approves, claim, completes, replies, Scene, start, told } from "../scenes/scene.js";

describe("commands of one run", () => {
  it("that come together are decided in one update, in order, and answered from the state it left", async () => {
    const desk = new Scene().desk();
    const before = await desk.startWith(["look_up", "look_up", "refund"]);
    desk.store.forgetCalls();
    const outcomes = await Promise.all([
      desk.execute(claim("t1c1", "n1")),
      desk.execute(completes(before, "t1c1", "n1")),
      desk.execute(claim("t1c2", "n2")),
      desk.execute(approves(before, "t1c3", "d1")),
    ]);
    expect(desk.store.calls).toEqual(["commit"]);
    expect(new Set(outcomes.map(({ stored }) => stored.version))).toEqual(new Set([before.version + 1]));
    const { run } = await desk.stored();
    expect(run.turn.calls.map(({ state }) => state.kind)).toEqual(["finished", "claimed", "ready"]);
  });

  it("that come while others are being committed wait for the next update", async () => {
    const desk = new Scene().desk();
    const before = await desk.startWith(["look_up", "look_up"]);
    desk.store.forgetCalls();
    const first = desk.execute(claim("t1c1", "n1"));
    const others: Promise<unknown>[] = [];
    desk.store.beforeNext("commit", () => {
      others.push(desk.execute(completes(before, "t1c1", "n1")), desk.execute(claim("t1c2", "n2")));
    });
    expect((await first).stored.version).toBe(before.version + 1);
    await Promise.all(others);
    expect(desk.store.calls).toEqual(["commit", "commit"]);
    expect((await desk.stored()).version).toBe(before.version + 2);
  });

  it("are answered after the commit and not before, and acted on once", async () => {
    const desk = new Scene().desk();
    await desk.startWith(["look_up"]);
    desk.committed.length = 0;
    let answered = false;
    const asked = desk.execute(claim("t1c1", "n1")).then(() => {
      answered = true;
    });
    const seen: boolean[] = [];
    desk.store.beforeNext("commit", () => seen.push(answered, desk.committed.length > 0));
    await asked;
    expect(seen).toEqual([false, false]);
    expect(desk.committed.map(({ events }) => events.map(({ fact }) => fact.type))).toEqual([["tool_started"]]);
  });

  it("of which some are refused: the others take effect, each gets its own answer, and one update is made", async () => {
    const desk = new Scene().desk();
    const before = await desk.startWith(["look_up", "refund"]);
    desk.store.forgetCalls();
    const requests = [
      desk.execute(approves(before, "t1c9", "d0")),
      desk.execute(claim("t1c1", "n1")),
      desk.execute(claim("t1c1", "n2")),
      desk.execute(approves(before, "t1c2", "d1")),
      desk.execute(approves(before, "t1c2", "d1")),
      desk.execute(approves(before, "t1c2", "d2")),
      desk.execute(claim("t1c2", "n3")),
    ];
    expect(await told(requests)).toEqual([
      "APPROVAL_NOT_FOUND",
      "granted",
      "TAKEN",
      "decided",
      "decided before",
      "ALREADY_DECIDED",
      "granted",
    ]);
    expect(desk.store.count("commit")).toBe(1);
  });

  it("in a flood are carried out in several updates", async () => {
    const desk = new Scene().desk();
    await desk.startWith(["look_up"]);
    desk.store.forgetCalls();
    const due = { "announce/t1c1/1": desk.scene.now };
    await Promise.all(Array.from({ length: 1_000 }, () => desk.execute({ type: "reschedule", due })));
    expect(desk.store.count("commit")).toBe(4);
  });

  it("of different runs do not wait for one another", async () => {
    const desk = new Scene().desk();
    await desk.startWith(["look_up"], "run_a");
    await desk.startWith(["look_up"], "run_b");
    const release = desk.store.hold("commit");
    const blocked = desk.execute(claim("t1c1", "n1"), { runId: "run_a" });
    expect(await told([desk.execute(claim("t1c1", "n1"), { runId: "run_b" })])).toEqual(["granted"]);
    release();
    expect(await told([blocked])).toEqual(["granted"]);
  });

  it("of a run that is not there are refused, and ask the store linearizably before that", async () => {
    const desk = new Scene().desk();
    expect(await told([desk.execute(claim("t1c1", "n1")), desk.execute({ type: "tick" })])).toEqual([
      "RUN_NOT_FOUND",
      "RUN_NOT_FOUND",
    ]);
    expect(desk.store.calls).toEqual(["load", "load"]);
  });

  it("that only grant a plain task cost no call to the store", async () => {
    const desk = new Scene().desk();
    await desk.startWith(["look_up"]);
    desk.store.forgetCalls();
    expect(await told([desk.execute(claim("t1c1", "n1", { store: false }))])).toEqual(["granted"]);
    expect(desk.store.calls).toEqual([]);
  });

  it("may bring the run that the caller has just read, which spares reading it again", async () => {
    const scene = new Scene();
    const [first, second] = [scene.desk("orc_1"), scene.desk("orc_2")];
    const known = await first.startWith(["look_up"]);
    expect(await told([second.execute(claim("t1c1", "n1"), { known })])).toEqual(["granted"]);
    expect(second.store.count("load")).toBe(0);
    expect(second.store.count("commit")).toBe(1);
    // What is older than what is known here is not taken.
    expect(await told([second.execute(completes(known, "t1c1", "n1"), { known })])).toEqual(["completed"]);
    expect(second.store.count("commit")).toBe(2);
  });
});

describe("starting", () => {
  it("twice at one instant through one engine makes one run in one update", async () => {
    const desk = new Scene().desk();
    const agent = await desk.agent();
    const requests = [1, 2, 3].map(() => desk.execute(start(), { agent }));
    expect(await told(requests)).toEqual(["created", "found", "found"]);
    expect(desk.store.count("commit")).toBe(1);
  });

  it("at one instant through two engines makes one run; each is told who made it", async () => {
    const scene = new Scene();
    const [first, second] = [scene.desk("orc_1"), scene.desk("orc_2")];
    const agent = await first.agent();
    const answers = await told([
      first.execute(start(), { agent }),
      second.execute(start(), { agent }),
      first.execute(start(), { agent }),
      second.execute(start(), { agent }),
    ]);
    expect(answers).toEqual(["created", "found", "found", "found"]);
    expect((await first.stored()).run.turn.model).toMatchObject({ kind: "calling", holder: "orc_1" });
    expect([first, second].map(({ committed }) => committed.length)).toEqual([1, 0]);
  });

  it("with the key of another request is refused, also where both come at one instant", async () => {
    const scene = new Scene();
    const [first, second] = [scene.desk("orc_1"), scene.desk("orc_2")];
    const agent = await first.agent();
    const other = start(undefined, { input: "another", requestHash: "other" });
    const answers = await told([first.execute(start(), { agent }), second.execute(other, { agent })]);
    expect(answers).toEqual(["created", "IDEMPOTENCY_KEY_REUSED"]);
    expect(scene.database.runs.size).toBe(1);
  });

  it("without a definition finds the run that is there, and makes none", async () => {
    const scene = new Scene();
    expect(await told([scene.desk().execute(start())])).toEqual(["RUN_NOT_FOUND"]);
    await scene.desk().execute(start(), { agent: await scene.desk().agent() });
    expect(await told([scene.desk().execute(start())])).toEqual(["found"]);
  });
});

describe("draining", () => {
  it("waits for every command in progress, whoever asks for it", async () => {
    const desk = new Scene().desk();
    await desk.engine.drain();
    await desk.startWith(["look_up"]);
    const done: string[] = [];
    const claimed = desk.execute(claim("t1c1", "n1")).then(() => done.push("claimed"));
    const drained = [1, 2].map(() => desk.engine.drain().then(() => done.push("drained")));
    await Promise.all([claimed, ...drained]);
    expect(done).toEqual(["claimed", "drained", "drained"]);
    await desk.execute(replies(1, []));
    await desk.engine.drain();
  });
});
