import { AgentspanError } from "@agentspan/internal";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { approves, claim, type Desk, RUN, Scene, start } from "../scenes/scene.js";
import { dueNow, readyRuns, SweepDesk, waitingRuns } from "../scenes/sweep-scene.js";

describe("a sweep", () => {
  let scene: Scene;
  let desk: Desk;
  let sweep: SweepDesk;

  beforeEach(() => {
    scene = new Scene();
    desk = scene.desk();
    sweep = new SweepDesk(desk);
  });

  it("costs what is overdue and not what is there", async () => {
    await waitingRuns(desk, 300);
    await readyRuns(desk, 40);
    scene.now += scene.timing.announceMs + 1;
    desk.store.forgetCalls();
    expect(await sweep.sweeper.sweep()).toBe(40);
    expect(desk.store.count("due")).toBe(1);
    expect(desk.store.count("load")).toBe(40);
    expect(desk.store.count("commit")).toBe(40);
    expect(desk.store.calls).toHaveLength(81);
    expect(sweep.announced.toSorted()).toEqual(Array.from({ length: 40 }, (_, at) => `ready_${at} t1c1 1`).toSorted());
  });

  it("costs one search where nothing is overdue, whoever waits", async () => {
    await waitingRuns(desk, 50);
    scene.now += 365 * 24 * 3_600_000;
    desk.store.forgetCalls();
    expect(await sweep.sweeper.sweep()).toBe(0);
    expect(desk.store.calls).toEqual(["due"]);
  });

  it("sees to everything that a run owes in one update", async () => {
    await desk.startWith(["look_up", "look_up", "charge"]);
    await desk.execute(claim("t1c3", "n1"));
    scene.now += scene.timing.leaseMs + 1;
    sweep.verdict = "lost";
    desk.store.forgetCalls();
    await sweep.sweeper.sweep();
    expect(desk.store.count("commit")).toBe(1);
    expect(sweep.announced).toEqual([`${RUN} t1c1 1`, `${RUN} t1c2 1`]);
    expect((await desk.stored()).run.turn.calls[2]?.state).toMatchObject({ kind: "unknown" });
  });

  it("takes the most overdue first, a batch at a time, and comes to the others", async () => {
    const few = new SweepDesk(desk, { batch: 10, atOnce: 4 });
    for (let i = 0; i < 25; i += 1) {
      await readyRuns(desk, 1, `late_${i}`);
      scene.now += 10;
    }
    scene.now += scene.timing.announceMs;
    expect(await few.sweeper.sweep()).toBe(10);
    expect(few.announced.map((text) => text.split(" ")[0])).toEqual(
      expect.arrayContaining(Array.from({ length: 10 }, (_, at) => `late_${at}_0`)),
    );
    expect([await few.sweeper.sweep(), await few.sweeper.sweep(), await few.sweeper.sweep()]).toEqual([10, 5, 0]);
  });

  it("announces what nobody claims ever more rarely, up to the limit, and for as long as it takes", async () => {
    await readyRuns(desk, 1);
    const begun = scene.now;
    const at: number[] = [];
    for (let i = 0; i < 14; i += 1) {
      const wakeAt = (await desk.store.due(Number.MAX_SAFE_INTEGER, 1))[0]?.wakeAt ?? 0;
      scene.now = wakeAt;
      await sweep.sweeper.sweep();
      at.push((wakeAt - begun) / 1_000);
    }
    expect(at).toEqual([5, 10, 15, 25, 45, 85, 165, 325, 645, 1285, 2185, 3085, 3985, 4885]);
    expect(sweep.announced).toHaveLength(14);
  });

  it("waits no shorter where the bus is away or its queue is full, and announces when it can", async () => {
    await readyRuns(desk, 1);
    sweep.busAway = true;
    for (let i = 0; i < 6; i += 1) {
      scene.now = (await desk.store.due(Number.MAX_SAFE_INTEGER, 1))[0]?.wakeAt ?? 0;
      await sweep.sweeper.sweep();
    }
    expect(sweep.announced).toEqual([]);
    sweep.busAway = false;
    scene.now = (await desk.store.due(Number.MAX_SAFE_INTEGER, 1))[0]?.wakeAt ?? 0;
    await sweep.sweeper.sweep();
    expect(sweep.announced).toEqual(["ready_0 t1c1 1"]);
  });

  it("looks at a holder that lives again when its lease could have ended, and soon at one that is not clear", async () => {
    await desk.startWith(["charge"]);
    await desk.execute(claim("t1c1", "n1"));
    const wakeAt = async () => (await desk.store.due(Number.MAX_SAFE_INTEGER, 1))[0]?.wakeAt ?? 0;
    scene.now = await wakeAt();
    sweep.leaseLeftMs = 7_300;
    await sweep.sweeper.sweep();
    expect((await wakeAt()) - scene.now).toBe(7_300);
    scene.now = await wakeAt();
    sweep.leaseLeftMs = 20;
    await sweep.sweeper.sweep();
    expect((await wakeAt()) - scene.now).toBe(500);
    scene.now = await wakeAt();
    sweep.verdict = "undecided";
    await sweep.sweeper.sweep();
    expect((await wakeAt()) - scene.now).toBe(500);
  });

  it("makes a lost orchestrator's model call its own", async () => {
    await desk.execute(start(), { agent: await desk.agent() });
    const other = new SweepDesk(scene.desk("orc_2"));
    scene.now += scene.timing.leaseMs + 1;
    other.verdict = "lost";
    await other.sweeper.sweep();
    expect((await desk.stored()).run.turn.model).toMatchObject({ kind: "calling", attempt: 2, holder: "orc_2" });
  });

  it("lets deadlines and expiries strike", async () => {
    await desk.execute(start(RUN, { deadlineMs: 60_000 }), { agent: await desk.agent() });
    scene.now += 60_000;
    await sweep.sweeper.sweep();
    expect((await desk.stored()).run.phase).toMatchObject({ kind: "ended", end: { state: "TIMED_OUT" } });
  });
});

describe("a sweep that fails as a whole", () => {
  it("is counted, tells that the store is away, and leaves no lag of better days standing", async () => {
    const sweep = new SweepDesk(new Scene().desk());
    const { sweeper } = sweep;
    await sweeper.sweep();
    expect(sweeper.figures).toMatchObject({ storeAnswers: true, lagMs: 0, failures: 0 });
    sweep.monotonic += 70_000;
    vi.spyOn(sweep.desk.store, "due").mockRejectedValueOnce(new AgentspanError("STORE_UNAVAILABLE", "away"));
    await expect(sweeper.sweep()).rejects.toMatchObject({ reason: "STORE_UNAVAILABLE" });
    expect(sweeper.figures).toMatchObject({ storeAnswers: false, lagMs: 70_000, failures: 1 });
    sweep.monotonic += 5_000;
    expect(sweeper.figures.lagMs).toBe(75_000);
    await sweeper.sweep();
    expect(sweeper.figures).toMatchObject({ storeAnswers: true, lagMs: 0, failures: 1 });
  });
});

describe("a run that cannot be swept", () => {
  let scene: Scene;
  let desk: Desk;
  let sweep: SweepDesk;

  beforeEach(async () => {
    scene = new Scene();
    desk = scene.desk();
    sweep = new SweepDesk(desk, { batch: 4, atOnce: 2 });
    await readyRuns(desk, 12, "good");
    for (const id of await readyRuns(desk, 4, "bad")) {
      const record = scene.database.runs.get(id);
      // More overdue than the others, and no text that is one.
      if (record !== undefined) scene.database.runs.set(id, { ...record, run: "{", wakeAt: 1 });
    }
    scene.now += scene.timing.announceMs + 1;
  });

  it("keeps no other from its turn, rests ever longer, and is counted", async () => {
    for (let i = 0; i < 4; i += 1) await sweep.sweeper.sweep();
    expect(sweep.announced).toHaveLength(12);
    expect(sweep.sweeper.figures.failures).toBe(4);
    const tries: number[] = [];
    for (let second = 0; second < 700; second += 1) {
      sweep.monotonic += 1_000;
      const before = sweep.sweeper.figures.failures;
      await sweep.sweeper.sweep();
      if (sweep.sweeper.figures.failures > before) tries.push(second + 1);
    }
    expect(tries).toEqual([1, 3, 7, 15, 31, 63, 127, 255, 511]);
  });

  it("is swept as soon as it can be, and not remembered after that", async () => {
    await sweep.sweeper.sweep();
    const good = scene.database.runs.get("good_0");
    for (let at = 0; at < 4; at += 1) {
      const record = scene.database.runs.get(`bad_${at}`);
      const run = good?.run.replaceAll("good_0", `bad_${at}`);
      if (record !== undefined && run !== undefined) scene.database.runs.set(`bad_${at}`, { ...record, run });
    }
    sweep.monotonic += 1_000;
    for (let i = 0; i < 4; i += 1) await sweep.sweeper.sweep();
    expect(sweep.announced).toHaveLength(16);
    expect(await dueNow(desk, scene)).toBe(0);
    desk.store.forgetCalls();
    await sweep.sweeper.sweep();
    expect(desk.store.calls).toEqual(["due"]);
  });

  it("rests no longer each time where only the store was away", async () => {
    const healthy = new SweepDesk(scene.desk("orc_1"), { batch: 100, atOnce: 2 });
    for (let i = 0; i < 6; i += 1) {
      healthy.desk.store.befall("load", ...Array.from({ length: 16 }, () => "away" as const));
      await healthy.sweeper.sweep();
      healthy.monotonic += 1_000;
    }
    await healthy.sweeper.sweep();
    expect(healthy.announced).toHaveLength(12);
  });

  it("does not end the sweeps where the search itself fails", async () => {
    desk.store.befall("due", "away");
    await expect(sweep.sweeper.sweep()).rejects.toMatchObject({ reason: "STORE_UNAVAILABLE" });
    expect(await sweep.sweeper.sweep()).toBe(4);
  });
});

describe("a run that is due without anything to be done", () => {
  it("is not looked at for ever: the second time its time is reckoned anew", async () => {
    const scene = new Scene();
    const desk = scene.desk();
    const sweep = new SweepDesk(desk);
    await waitingRuns(desk, 1);
    const record = scene.database.runs.get("waiting_0");
    if (record !== undefined) scene.database.runs.set("waiting_0", { ...record, wakeAt: 1 });
    desk.store.forgetCalls();
    expect(await sweep.sweeper.sweep()).toBe(1);
    expect(desk.store.count("commit")).toBe(0);
    expect(await sweep.sweeper.sweep()).toBe(1);
    expect(desk.store.count("commit")).toBe(1);
    expect(await sweep.sweeper.sweep()).toBe(0);
    // What it waits for takes effect as before.
    const { answer } = await desk.execute(approves(await desk.stored("waiting_0"), "t1c1", "d1"), {
      runId: "waiting_0",
    });
    expect(answer.type).toBe("decided");
  });

  it("by a process with shorter times is left to its own time", async () => {
    const [hasty, patient] = [new Scene({ leaseMs: 10, announceMs: 10, maxAnnounceMs: 10 }), new Scene()];
    await readyRuns(hasty.desk(), 1);
    for (const [id, record] of hasty.database.runs) patient.database.runs.set(id, record);
    for (const [id, agent] of hasty.database.agents) patient.database.agents.set(id, agent);
    const sweep = new SweepDesk(patient.desk());
    patient.now += 20;
    for (let i = 0; i < 3; i += 1) await sweep.sweeper.sweep();
    expect(sweep.announced).toEqual([]);
    expect(await dueNow(sweep.desk, patient)).toBe(0);
    patient.now += patient.timing.announceMs;
    await sweep.sweeper.sweep();
    expect(sweep.announced).toEqual(["ready_0 t1c1 1"]);
  });
});

describe("announcing again after the bus was away", () => {
  let scene: Scene;
  let desk: Desk;
  let sweep: SweepDesk;

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    scene = new Scene();
    desk = scene.desk();
    sweep = new SweepDesk(desk, { batch: 7 });
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  async function round(): Promise<void> {
    sweep.sweeper.announceAgain();
    for (let i = 0; i < 200; i += 1) await new Promise((resolve) => setImmediate(resolve));
  }

  it("reaches every task that waits for a later time, writes nothing, and touches no other run", async () => {
    await waitingRuns(desk, 5);
    await readyRuns(desk, 30);
    await desk.startWith(["charge"], "claimed");
    await desk.execute(claim("t1c1", "n1"), { runId: "claimed" });
    desk.store.forgetCalls();
    await round();
    expect(sweep.announced.toSorted()).toEqual(Array.from({ length: 30 }, (_, at) => `ready_${at} t1c1 1`).toSorted());
    expect(desk.store.count("commit")).toBe(0);
    expect(desk.store.count("load")).toBe(31);
  });

  it("comes once for many times that it is asked for, and once more after the last", async () => {
    await readyRuns(desk, 3);
    for (let i = 0; i < 10; i += 1) sweep.sweeper.announceAgain();
    await round();
    expect(sweep.announced).toHaveLength(3);
    await round();
    expect(sweep.announced).toHaveLength(3);
    sweep.monotonic += 30_000;
    await vi.advanceTimersByTimeAsync(30_000);
    await round();
    expect(sweep.announced.length).toBeGreaterThanOrEqual(6);
  });

  it.each([
    ["after 2 s where it is quick", 0, 2_000],
    ["after nine times as long as it took", 200, 5_400],
    ["after 30 s at most", 60_000, 30_000],
  ])("comes again %s", async (_, announceMs, restMs) => {
    await readyRuns(desk, 3);
    sweep.announceMs = announceMs;
    await round();
    sweep.sweeper.announceAgain();
    await vi.advanceTimersByTimeAsync(restMs - 1);
    await round();
    expect(sweep.announced).toHaveLength(3);
    await vi.advanceTimersByTimeAsync(1);
    await round();
    expect(sweep.announced).toHaveLength(6);
  });

  it("ends where the bus is away again, and with the sweeper", async () => {
    await readyRuns(desk, 30);
    sweep.busAway = true;
    desk.store.forgetCalls();
    await round();
    expect(desk.store.count("load")).toBeLessThan(30);
    sweep.sweeper.announceAgain();
    await sweep.sweeper.stop();
  });

  it("leaves each orchestrator its share", async () => {
    const other = new SweepDesk(scene.desk("orc_2"), { batch: 7 });
    for (const one of [sweep, other]) one.orchestrators = ["orc_1", "orc_2"];
    await readyRuns(desk, 40);
    other.sweeper.announceAgain();
    await round();
    expect(sweep.announced.length + other.announced.length).toBe(40);
    expect(new Set([...sweep.announced, ...other.announced]).size).toBe(40);
  });
});

describe("a sweeper that runs", () => {
  it("sweeps again at once while there is a whole batch, and rests in between where not", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      const scene = new Scene();
      const sweep = new SweepDesk(scene.desk(), { batch: 5 });
      await readyRuns(sweep.desk, 12);
      scene.now += scene.timing.announceMs + 1;
      sweep.sweeper.start();
      for (let i = 0; i < 100; i += 1) {
        await vi.advanceTimersByTimeAsync(1);
        await new Promise((resolve) => setImmediate(resolve));
      }
      expect(sweep.announced).toHaveLength(12);
      expect(sweep.sweeper.figures.sweeps).toBe(3);
      await sweep.sweeper.stop();
      await vi.advanceTimersByTimeAsync(10_000);
      expect(sweep.sweeper.figures.sweeps).toBe(3);
    } finally {
      vi.useRealTimers();
    }
  });
});
