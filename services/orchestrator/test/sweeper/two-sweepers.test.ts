// Sweepers of several orchestrators on one database.
import { beforeEach, describe, expect, it } from "vitest";
import { claim, Scene } from "../scenes/scene.js";
import { dueNow, readyRuns, SweepDesk } from "../scenes/sweep-scene.js";

describe("two sweepers", () => {
  let scene: Scene;
  let both: readonly [SweepDesk, SweepDesk];

  beforeEach(() => {
    scene = new Scene();
    both = [new SweepDesk(scene.desk("orc_1"), { batch: 50 }), new SweepDesk(scene.desk("orc_2"), { batch: 50 })];
    for (const one of both) one.orchestrators = ["orc_1", "orc_2"];
  });

  it("share the work and do not fight over it", async () => {
    const [first, second] = both;
    await readyRuns(first.desk, 400);
    scene.now += scene.timing.announceMs + 1;
    for (const { desk } of both) desk.store.forgetCalls();
    for (let i = 0; i < 20 && (await dueNow(first.desk, scene)) > 0; i += 1) {
      await Promise.all(both.map(({ sweeper }) => sweeper.sweep()));
    }
    expect(new Set([...first.announced, ...second.announced]).size).toBe(400);
    expect(first.announced.length + second.announced.length).toBe(400);
    for (const { announced } of both) expect(announced.length).toBeGreaterThan(150);
    expect(both.map(({ desk }) => desk.engine.figures.conflicts)).toEqual([0, 0]);
    expect(both.reduce((sum, { desk }) => sum + desk.store.count("commit"), 0)).toBe(400);
  });

  it("take one another's share once that is overdue for a second, and sooner where the other is lost", async () => {
    const [first] = both;
    await readyRuns(first.desk, 40);
    scene.now += scene.timing.announceMs;
    while ((await first.sweeper.sweep()) > 0);
    const own = first.announced.length;
    expect(own).toBeLessThan(40);
    scene.now += 999;
    expect(await first.sweeper.sweep()).toBe(0);
    scene.now += 1;
    expect(await first.sweeper.sweep()).toBe(40 - own);
    await readyRuns(first.desk, 40, "more");
    scene.now += scene.timing.announceMs;
    first.orchestrators = ["orc_1"];
    while ((await first.sweeper.sweep()) > 0);
    expect(first.announced.filter((text) => text.startsWith("more"))).toHaveLength(40);
  });

  it("leave one another more time where the last sweep took long: the store is slow, and nobody lost", async () => {
    const [first] = both;
    await readyRuns(first.desk, 40);
    scene.now += scene.timing.announceMs;
    first.announceMs = 20;
    const own = await first.sweeper.sweep();
    expect(first.monotonic).toBe(20 * own);
    scene.now += 4 * first.monotonic - 1;
    expect(await first.sweeper.sweep()).toBe(0);
    // That one was quick, so the others are late by now.
    expect(await first.sweeper.sweep()).toBe(40 - own);
  });

  it("take their own share first where there is more than a batch", async () => {
    const [first] = both;
    const one = new SweepDesk(first.desk, { batch: 5 });
    one.orchestrators = ["orc_1", "orc_2"];
    await readyRuns(first.desk, 60);
    scene.now += scene.timing.announceMs + 5_000;
    const reference = new SweepDesk(scene.desk("orc_2"));
    reference.orchestrators = one.orchestrators;
    await one.sweeper.sweep();
    await reference.sweeper.sweep();
    expect(new Set(one.announced).size + new Set(reference.announced).size).toBe(60);
  });

  it("that meet at one run do it no harm", async () => {
    const [first, second] = both;
    for (const one of both) one.orchestrators = [];
    await first.desk.startWith(["charge"]);
    await first.desk.execute(claim("t1c1", "n1"));
    scene.now += scene.timing.leaseMs + 1;
    for (const one of both) one.verdict = "lost";
    await Promise.all([first.sweeper.sweep(), second.sweeper.sweep()]);
    const { events } = await first.desk.stored();
    expect(events.filter(({ fact }) => fact.type === "waiting")).toHaveLength(1);
  });
});
