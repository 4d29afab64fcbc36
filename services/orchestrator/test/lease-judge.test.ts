import { createLogger } from "@agentspan/internal";
import { describe, expect, it } from "vitest";
import { LeaseJudge } from "../src/lease-judge.js";
import type { Instance } from "../src/ports.js";

const LEASE_MS = 1_000;
const POLL_MS = 100;

class Scene {
  now = 0;
  counter = 1;
  busAnswers = true;
  ownWritesQuick = true;
  readonly judge = new LeaseJudge({
    store: { readInstances: async () => [this.worker()] },
    leaseMs: LEASE_MS,
    pollMs: POLL_MS,
    log: createLogger("judge", "silent"),
    monotonic: () => this.now,
    ownWritesQuick: () => this.ownWritesQuick,
    busAnswers: async () => this.busAnswers,
  });

  /** Polls as often as the judge does; each poll before it a sign of life, where the worker gives any. */
  async pass(ms: number, alive: boolean): Promise<void> {
    for (const end = this.now + ms; this.now < end; ) {
      this.now += POLL_MS;
      if (alive) this.counter += 1;
      await this.judge.poll();
    }
  }

  private worker(): Instance {
    const { counter } = this;
    const name = { incarnation: "w", kind: "worker", name: "w", namespace: "default" } as const;
    return { ...name, counter, inHand: ["nonce"], tools: [], seenAt: counter * 1_000 };
  }
}

describe("the judge of leases", () => {
  it("calls a worker lost that was silent for a whole lease, and not before", async () => {
    const scene = new Scene();
    await scene.pass(500, true);
    await scene.pass(LEASE_MS - POLL_MS, false);
    expect(scene.judge.verdict("w", "nonce")).toBe("alive");
    await scene.pass(POLL_MS, false);
    expect(scene.judge.verdict("w", "nonce")).toBe("lost");
  });

  it("remembers when a worker last showed life, also of one that is lost", async () => {
    const scene = new Scene();
    expect(scene.judge.lastHeartbeatAt("w")).toBeUndefined();
    await scene.pass(500, true);
    const last = scene.counter * 1_000;
    await scene.pass(LEASE_MS, false);
    expect(scene.judge.verdict("w", "nonce")).toBe("lost");
    expect(scene.judge.lastHeartbeatAt("w")).toBe(last);
  });

  it.each(["busAnswers", "ownWritesQuick"] as const)("begins its watch anew where not %s", async (what) => {
    const scene = new Scene();
    await scene.pass(500, true);
    scene[what] = false;
    await scene.pass(10 * LEASE_MS, false);
    expect(scene.judge.verdict("w", "nonce")).toBe("alive");
    scene[what] = true;
    await scene.pass(LEASE_MS - POLL_MS, false);
    expect(scene.judge.verdict("w", "nonce")).toBe("alive");
    await scene.pass(POLL_MS, true);
    expect(scene.judge.verdict("w", "nonce")).toBe("alive");
    await scene.pass(LEASE_MS, false);
    expect(scene.judge.verdict("w", "nonce")).toBe("lost");
  });

  it("calls a thing disowned that a live worker does not list, two signs of life after it was asked", async () => {
    const scene = new Scene();
    await scene.pass(POLL_MS, true);
    expect(scene.judge.verdict("w", "another")).toBe("undecided");
    await scene.pass(POLL_MS, true);
    expect(scene.judge.verdict("w", "another")).toBe("undecided");
    await scene.pass(POLL_MS, true);
    expect(scene.judge.verdict("w", "another")).toBe("disowned");
  });

  it("gives an incarnation that it never saw a lease to appear in", async () => {
    const scene = new Scene();
    await scene.pass(POLL_MS, true);
    expect(scene.judge.verdict("x", "nonce")).toBe("undecided");
  });
});
