import { createLogger, systemTime } from "@agentspan/internal";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Instances } from "../src/instances.js";
import { emptyDatabase } from "../src/memory/memory-database.js";
import type { Instance } from "../src/ports.js";
import { WatchedStore } from "./scenes/watched-store.js";

const INTERVAL_MS = 3_000;
const LEASE_MS = 10_000;
const HOUR_MS = 3_600_000;

describe("the signs of life of an orchestrator", () => {
  let now: number;
  let store: WatchedStore;
  let inHand: string[];
  let instances: Instances;

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    now = 1_000_000;
    store = new WatchedStore(emptyDatabase(), () => now);
    inHand = [];
    instances = new Instances({
      store,
      incarnation: "orc_1",
      intervalMs: INTERVAL_MS,
      leaseMs: LEASE_MS,
      log: createLogger("instances", "silent"),
      inHand: () => inHand,
      time: { ...systemTime, monotonic: () => now },
    });
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  async function pass(ms: number): Promise<void> {
    now += ms;
    await vi.advanceTimersByTimeAsync(ms);
    await idle();
  }

  /** Until the store has answered what it was asked. */
  async function idle(): Promise<void> {
    for (let i = 0; i < 4; i += 1) await new Promise((resolve) => setImmediate(resolve));
  }

  function worker(incarnation: string, counter: number): Instance {
    return { incarnation, kind: "worker", name: "w", namespace: "default", counter, inHand: ["n1"], tools: [] };
  }

  function stored(incarnation: string): Promise<Instance | undefined> {
    return store.readInstance(incarnation);
  }

  it("are there once it has started, count up, and list what is in hand then", async () => {
    await instances.start();
    expect(await stored("orc_1")).toMatchObject({ kind: "orchestrator", counter: 1, inHand: [] });
    inHand = ["run_1/model/1/1"];
    await pass(INTERVAL_MS);
    expect(await stored("orc_1")).toMatchObject({ counter: 2, inHand: ["run_1/model/1/1"] });
  });

  it("list what is in hand when they are written, and are one, however many were due while the store was slow", async () => {
    await instances.start();
    const slow = instances.store(worker("w-1", 1));
    for (const _ of [1, 2]) {
      now += INTERVAL_MS;
      vi.advanceTimersByTime(INTERVAL_MS);
    }
    inHand = ["run_1/model/1/1"];
    await slow;
    await idle();
    expect(await stored("orc_1")).toMatchObject({ counter: 2, inHand: ["run_1/model/1/1"] });
  });

  it("fail the start where the store is away, since nobody could tell whether it lives", async () => {
    store.isAway = true;
    await expect(instances.start()).rejects.toMatchObject({ reason: "STORE_UNAVAILABLE" });
  });

  it("go on after an outage, and say that they were not quick until one is stored again", async () => {
    expect(instances.ownWritesQuick()).toBe(false);
    await instances.start();
    expect(instances.ownWritesQuick()).toBe(true);
    store.isAway = true;
    await pass(INTERVAL_MS);
    await pass(INTERVAL_MS);
    expect(instances.ownWritesQuick()).toBe(false);
    store.isAway = false;
    expect(instances.ownWritesQuick()).toBe(false);
    await pass(INTERVAL_MS);
    expect(instances.ownWritesQuick()).toBe(true);
    expect(await stored("orc_1")).toMatchObject({ counter: 4 });
  });

  it("are not quick where a write took long, though it went through", async () => {
    await instances.start();
    store.beforeNext("beat", () => {
      now += LEASE_MS / 4;
    });
    await pass(INTERVAL_MS);
    expect(instances.ownWritesQuick()).toBe(false);
    await pass(INTERVAL_MS);
    expect(instances.ownWritesQuick()).toBe(true);
  });

  it("travel with those of workers: one write at a time, with whatever came meanwhile", async () => {
    await instances.start();
    store.forgetCalls();
    await Promise.all([1, 2, 3, 4].map((number) => instances.store(worker(`w-${number}`, 1))));
    expect(store.count("beat")).toBe(2);
    for (const number of [1, 2, 3, 4]) expect(await stored(`w-${number}`)).toMatchObject({ counter: 1 });
  });

  it("of a worker are not answered as stored where they are not", async () => {
    await instances.start();
    store.befall("beat", "away");
    await expect(instances.store(worker("w-1", 1))).rejects.toMatchObject({ reason: "STORE_UNAVAILABLE" });
    await instances.store(worker("w-1", 2));
    expect(await stored("w-1")).toMatchObject({ counter: 2 });
  });

  it("end with its own hand, and none that was under way comes after", async () => {
    await instances.start();
    now += INTERVAL_MS;
    const passing = vi.advanceTimersByTimeAsync(INTERVAL_MS);
    await instances.stop();
    await passing;
    await idle();
    expect(await stored("orc_1")).toBeUndefined();
    await pass(10 * INTERVAL_MS);
    expect(await stored("orc_1")).toBeUndefined();
  });

  it("tidy away what showed no life for an hour, at the start and now and then", async () => {
    await store.beat([worker("w-0", 1)]);
    now += HOUR_MS + 1;
    await store.beat([worker("w-1", 1)]);
    await instances.start();
    expect(await stored("w-0")).toBeUndefined();
    expect(await stored("w-1")).toBeDefined();
    await pass(HOUR_MS + 1);
    await pass(HOUR_MS / 6);
    expect(await stored("w-1")).toBeUndefined();
    expect(await stored("orc_1")).toBeDefined();
  });
});
