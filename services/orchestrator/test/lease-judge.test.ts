import { describe, expect, it } from "vitest";
import { JudgeScene, LEASE_MS, POLL_MS, STORE_BEGAN, working } from "./scenes/judge-scene.js";

describe("the judge of leases", () => {
  it("calls a worker lost that was silent for a whole lease, and not before", async () => {
    const { scene, worker } = await working();
    expect(scene.judge.verdict("w-1", "nonce")).toBe("alive");
    worker.alive = false;
    await scene.pass(LEASE_MS - POLL_MS);
    expect(scene.judge.verdict("w-1", "nonce")).toBe("alive");
    await scene.pass(POLL_MS);
    expect(scene.judge.verdict("w-1", "nonce")).toBe("lost");
  });

  it("takes a row that it cannot read for a silence, and neither for a sign of life nor for an end", async () => {
    const { scene, worker } = await working();
    worker.unreadable = true;
    await scene.pass(LEASE_MS - POLL_MS);
    expect(scene.judge.verdict("w-1", "nonce")).toBe("alive");
    worker.unreadable = false;
    await scene.pass(POLL_MS);
    expect(scene.judge.verdict("w-1", "nonce")).toBe("alive");
    worker.unreadable = true;
    await scene.pass(LEASE_MS);
    expect(scene.judge.verdict("w-1", "nonce")).toBe("lost");
    // One that was never seen otherwise has a lease to be mended in, as one that is not there has to appear in.
    scene.add("w-2", ["nonce"]).unreadable = true;
    await scene.pass(LEASE_MS - POLL_MS);
    expect(scene.judge.verdict("w-2", "nonce")).toBe("undecided");
    await scene.pass(POLL_MS * 2);
    expect(scene.judge.verdict("w-2", "nonce")).toBe("lost");
  });

  it("tells how much is left of a lease, so that nobody need look before", async () => {
    const { scene, worker } = await working();
    expect(scene.judge.leaseLeftMs("w-1")).toBe(LEASE_MS);
    worker.alive = false;
    await scene.pass(300);
    expect(scene.judge.leaseLeftMs("w-1")).toBe(LEASE_MS - 300);
    await scene.pass(2 * LEASE_MS);
    expect(scene.judge.leaseLeftMs("w-1")).toBe(0);
    expect(scene.judge.leaseLeftMs("unknown")).toBe(LEASE_MS);
  });

  it("takes the restart of a worker under the same name for another worker: the first one is lost", async () => {
    const { scene, worker } = await working();
    worker.alive = false;
    scene.add("w-2");
    await scene.pass(LEASE_MS);
    expect(scene.judge.verdict("w-1", "nonce")).toBe("lost");
    expect(scene.judge.verdict("w-2", "nonce")).toBe("undecided");
  });

  it.each(["busAnswers", "ownWritesQuick"] as const)("begins its watch anew where not %s", async (what) => {
    const { scene, worker } = await working();
    worker.alive = false;
    scene[what] = false;
    await scene.pass(10 * LEASE_MS);
    expect(scene.judge.verdict("w-1", "nonce")).toBe("alive");
    scene[what] = true;
    await scene.pass(LEASE_MS - POLL_MS);
    expect(scene.judge.verdict("w-1", "nonce")).toBe("alive");
    worker.alive = true;
    await scene.pass(POLL_MS);
    worker.alive = false;
    expect(scene.judge.verdict("w-1", "nonce")).toBe("alive");
    await scene.pass(LEASE_MS);
    expect(scene.judge.verdict("w-1", "nonce")).toBe("lost");
  });

  it("calls nobody lost for an outage of the store, however long, and gives each a whole lease after it", async () => {
    const { scene, worker } = await working();
    // Whoever cannot store a sign of life shows none.
    worker.alive = false;
    scene.storeAway = true;
    await scene.pass(300 * LEASE_MS);
    expect(scene.judge.verdict("w-1", "nonce")).toBe("alive");
    scene.storeAway = false;
    await scene.pass(LEASE_MS - POLL_MS);
    expect(scene.judge.verdict("w-1", "nonce")).toBe("alive");
    await scene.pass(POLL_MS);
    expect(scene.judge.verdict("w-1", "nonce")).toBe("lost");
  });

  it("calls nobody lost by reads that are slow: what they show is old", async () => {
    const { scene, worker } = await working();
    worker.alive = false;
    scene.readMs = LEASE_MS / 3;
    await scene.pass(5 * LEASE_MS);
    expect(scene.judge.verdict("w-1", "nonce")).toBe("alive");
  });

  it.each(["verdict first", "look first"])("calls nobody lost after an hour asleep, %s", async (order) => {
    const { scene } = await working();
    scene.now += 3_600_000;
    if (order === "look first") await scene.judge.poll();
    expect(scene.judge.verdict("w-1", "nonce")).toBe("alive");
    await scene.pass(LEASE_MS);
    expect(scene.judge.verdict("w-1", "nonce")).toBe("alive");
  });

  it("calls a worker lost that did not wake up with it, a whole lease later", async () => {
    const { scene, worker } = await working();
    worker.alive = false;
    scene.now += 3_600_000;
    await scene.judge.poll();
    await scene.pass(LEASE_MS - POLL_MS);
    expect(scene.judge.verdict("w-1", "nonce")).toBe("alive");
    await scene.pass(POLL_MS);
    expect(scene.judge.verdict("w-1", "nonce")).toBe("lost");
  });

  it("lets no silence count in which it did not look itself", async () => {
    const { scene, worker } = await working();
    worker.alive = false;
    await scene.pass(LEASE_MS / 2);
    scene.now += 4 * POLL_MS;
    expect(scene.judge.verdict("w-1", "nonce")).toBe("alive");
  });

  it("looks once at a time: an answer that was overtaken must not be taken for a sign of life", async () => {
    const scene = new JudgeScene();
    await Promise.all([scene.judge.poll(), scene.judge.poll(), scene.judge.poll()]);
    expect(scene.looks).toBe(1);
    await scene.judge.poll();
    expect(scene.looks).toBe(2);
  });

  it("remembers when a worker last showed life, also of one that is lost", async () => {
    const { scene, worker } = await working();
    const last = worker.seenAt;
    worker.alive = false;
    await scene.pass(LEASE_MS);
    expect(scene.judge.verdict("w-1", "nonce")).toBe("lost");
    expect(scene.judge.lastHeartbeatAt("w-1")).toBe(last);
  });

  it("knows no clock but its own: what the store says of times counts for nothing", async () => {
    const { scene, worker } = await working();
    expect(scene.judge.lastHeartbeatAt("w-1")).toBe(worker.seenAt);
    expect(scene.judge.lastHeartbeatAt("unknown")).toBeUndefined();
    expect(scene.judge.verdict("w-1", "nonce")).toBe("alive");
  });
});

describe("a thing that its holder does not list", () => {
  it("is disowned by a live worker, two signs of life after the first look since it was asked for", async () => {
    const { scene } = await working();
    expect(scene.judge.verdict("w-1", "another")).toBe("undecided");
    for (let looks = 0; looks < 2; looks += 1) {
      await scene.pass(POLL_MS);
      expect(scene.judge.verdict("w-1", "another")).toBe("undecided");
    }
    await scene.pass(POLL_MS);
    expect(scene.judge.verdict("w-1", "another")).toBe("disowned");
  });

  it("is not disowned by signs of life of before it was taken that a slow look brings late", async () => {
    const { scene, worker } = await working();
    worker.alive = false;
    // Many were stored before the call was taken, and this judge knows of none of them yet: it reads, for long.
    worker.counter += 10;
    const read = scene.slowRead();
    worker.inHand = ["nonce", "another"];
    worker.counter += 1;
    expect(scene.judge.verdict("w-1", "another")).toBe("undecided");
    await read.end();
    expect(scene.judge.verdict("w-1", "another")).toBe("undecided");
    await scene.pass(POLL_MS);
    expect(scene.judge.verdict("w-1", "another")).toBe("alive");
  });

  it("is not disowned where a sign of life that was on its way brings it", async () => {
    const { scene, worker } = await working();
    expect(scene.judge.verdict("w-1", "another")).toBe("undecided");
    await scene.pass(POLL_MS);
    worker.inHand = ["nonce", "another"];
    await scene.pass(POLL_MS);
    expect(scene.judge.verdict("w-1", "another")).toBe("alive");
    // Asked anew, it is not by what was asked before.
    worker.inHand = ["nonce"];
    await scene.pass(POLL_MS);
    expect(scene.judge.verdict("w-1", "another")).toBe("undecided");
  });

  it("is not disowned by silence: a worker that stands still is lost in its time", async () => {
    const { scene, worker } = await working();
    worker.alive = false;
    expect(scene.judge.verdict("w-1", "another")).toBe("undecided");
    await scene.pass(LEASE_MS - POLL_MS);
    expect(scene.judge.verdict("w-1", "another")).toBe("undecided");
    await scene.pass(POLL_MS);
    expect(scene.judge.verdict("w-1", "another")).toBe("lost");
  });
});

describe("a document that is not there", () => {
  it("gives an incarnation that was never seen a lease to appear in", async () => {
    const scene = new JudgeScene();
    await scene.pass(POLL_MS);
    expect(scene.judge.verdict("x", "nonce")).toBe("undecided");
    await scene.pass(LEASE_MS - POLL_MS);
    expect(scene.judge.verdict("x", "nonce")).toBe("undecided");
    await scene.pass(POLL_MS);
    expect(scene.judge.verdict("x", "nonce")).toBe("lost");
  });

  it("counts for nothing while the store is away", async () => {
    const scene = new JudgeScene();
    await scene.pass(POLL_MS);
    expect(scene.judge.verdict("x", "nonce")).toBe("undecided");
    await scene.pass(POLL_MS);
    scene.storeAway = true;
    await scene.pass(10 * LEASE_MS);
    expect(scene.judge.verdict("x", "nonce")).toBe("undecided");
    scene.storeAway = false;
    scene.add("x", ["nonce"]);
    await scene.pass(POLL_MS);
    expect(scene.judge.verdict("x", "nonce")).toBe("alive");
  });

  it("of a process that showed life until then was taken out by itself: it is lost at once", async () => {
    const { scene } = await working();
    scene.processes.delete("w-1");
    await scene.pass(POLL_MS);
    expect(scene.judge.verdict("w-1", "nonce")).toBe("lost");
  });

  it("of a process that had been silent was tidied away: that is no sign of anything, and its lease goes on", async () => {
    const { scene, worker } = await working();
    // Nothing is carried for an hour, and an orchestrator that starts tidies up.
    scene.busAnswers = false;
    worker.alive = false;
    await scene.pass(5 * LEASE_MS);
    scene.processes.delete("w-1");
    await scene.pass(POLL_MS);
    expect(scene.judge.verdict("w-1", "nonce")).toBe("undecided");
    scene.busAnswers = true;
    scene.add("w-1", ["nonce"]).counter = 99;
    await scene.pass(POLL_MS);
    expect(scene.judge.verdict("w-1", "nonce")).toBe("alive");
  });

  it("is forgotten in the end, and with it what was asked", async () => {
    const { scene } = await working();
    scene.processes.delete("w-1");
    await scene.pass(12 * LEASE_MS);
    expect(scene.judge.verdict("w-1", "nonce")).toBe("undecided");
  });
});

describe("orchestrators, as the judge sees them", () => {
  it("are live while they show life, the one that has just come among them", async () => {
    const scene = new JudgeScene();
    const [first] = [scene.add("orc_1", [], "orchestrator"), scene.add("w-1")];
    await scene.pass(LEASE_MS);
    expect(scene.judge.liveOrchestrators()).toEqual(["orc_1"]);
    scene.add("orc_2", [], "orchestrator");
    await scene.pass(POLL_MS);
    expect(scene.judge.liveOrchestrators()).toEqual(["orc_1", "orc_2"]);
    first.alive = false;
    await scene.pass(LEASE_MS + POLL_MS);
    expect(scene.judge.liveOrchestrators()).toEqual(["orc_2"]);
    scene.processes.delete("orc_2");
    await scene.pass(POLL_MS);
    expect(scene.judge.liveOrchestrators()).toEqual([]);
  });

  it("that are found by one that starts count where they seem to live, and not for an hour after their end", async () => {
    const scene = new JudgeScene();
    const [old] = [scene.add("orc_0", [], "orchestrator"), scene.add("orc_1", [], "orchestrator")];
    old.alive = false;
    for (const one of scene.processes.values()) one.seenAt = STORE_BEGAN + 2 * LEASE_MS;
    old.seenAt = STORE_BEGAN + LEASE_MS;
    await scene.judge.poll();
    expect(scene.judge.liveOrchestrators()).toEqual(["orc_1"]);
    // That is for sharing work only: nothing is lost by it.
    expect(scene.judge.verdict("orc_0", "call")).toBe("undecided");
  });

  it("that a look does not find are gone: their model calls are made again at once", async () => {
    const scene = new JudgeScene();
    await scene.pass(POLL_MS);
    expect(scene.judge.holderVerdict("orc_1", "call")).toBe("undecided");
    await scene.pass(POLL_MS);
    expect(scene.judge.holderVerdict("orc_1", "call")).toBe("lost");
  });

  it("that are there hold their model calls as workers hold their tasks", async () => {
    const scene = new JudgeScene();
    const holder = scene.add("orc_1", ["call"], "orchestrator");
    await scene.pass(500);
    expect(scene.judge.holderVerdict("orc_1", "call")).toBe("alive");
    holder.alive = false;
    await scene.pass(LEASE_MS - POLL_MS);
    expect(scene.judge.holderVerdict("orc_1", "call")).toBe("alive");
    await scene.pass(POLL_MS);
    expect(scene.judge.holderVerdict("orc_1", "call")).toBe("lost");
  });
});
