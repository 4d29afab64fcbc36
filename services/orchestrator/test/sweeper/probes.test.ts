// What the sweeper finds out about a lost worker, and how it looks after a probe until somebody has answered.
import { beforeEach, describe, expect, it } from "vitest";
import { PROBE_MS, type UnknownAttempt } from "../../src/core/index.js";
import type { Verdict } from "../../src/lease-judge.js";
import { Sweeper } from "../../src/sweeper.js";
import { claim, type Desk, RUN, Scene } from "../scenes/scene.js";

const SEEN_AT = 1_234_567;

describe("the sweeper", () => {
  let scene: Scene;
  let desk: Desk;
  let verdict: Verdict;
  let seenAt: number | undefined;
  let announced: string[];

  beforeEach(async () => {
    scene = new Scene();
    desk = scene.desk();
    verdict = "lost";
    seenAt = SEEN_AT;
    announced = [];
    await desk.startWith(["charge"]);
  });

  function begin(brings: { readonly probe: boolean }): Promise<unknown> {
    const owner = { approval: false, once: false, enforcesKey: false, ...brings };
    return desk.execute(claim("t1c1", "n1", { owner }));
  }

  /** Lets time pass and looks after the run once, as every orchestrator does again and again. */
  async function sweepAfter(ms: number): Promise<void> {
    scene.now += ms;
    await new Sweeper({
      store: { due: async () => [{ runId: RUN, wakeAt: scene.now }], load: () => desk.stored() },
      engine: desk.engine,
      relay: {
        announce: async (run, callId, attempt) => {
          announced.push(`${run.runId}/${callId}/${attempt} after ${scene.now - since} ms`);
          return true;
        },
        seeTo: async () => true,
        hasInHand: () => false,
        callModel: () => undefined,
      },
      judge: {
        verdict: () => verdict,
        holderVerdict: () => "undecided",
        leaseLeftMs: () => 0,
        liveOrchestrators: () => [],
        lastHeartbeatAt: () => seenAt,
      },
      clock: scene.clock,
      timing: scene.timing,
      orchestratorId: desk.name,
      intervalMs: 100,
      batch: 10,
      atOnce: 1,
      log: scene.log,
    }).sweep();
  }
  let since = 0;

  async function unknown(): Promise<UnknownAttempt | undefined> {
    const facts = (await desk.stored()).events.map(({ fact }) => fact);
    const last = facts.findLast(({ type }) => type === "probing" || type === "waiting");
    return last !== undefined && "unknown" in last ? last.unknown : undefined;
  }

  it.each([
    ["LEASE_ENDED", "lost"],
    ["DISOWNED", "disowned"],
  ] as const)("tells when a worker whose claim is ended as %s last showed life", async (cause, found) => {
    verdict = found;
    await begin({ probe: false });
    await sweepAfter(scene.timing.leaseMs + 1);
    expect(await unknown()).toMatchObject({ cause, lastHeartbeatAt: SEEN_AT });
  });

  it("tells it of a worker whose tool ran past its time, and nothing where nobody knows", async () => {
    verdict = "alive";
    await begin({ probe: true });
    await sweepAfter(600_000);
    expect(await unknown()).toMatchObject({ cause: "TIMED_OUT", lastHeartbeatAt: SEEN_AT });
    seenAt = undefined;
    await desk.startWith(["charge"], "run_2");
    await desk.execute(claim("t1c1", "n1"), { runId: "run_2" });
    await desk.execute(
      { type: "end_claim", callId: "t1c1", attempt: 1, nonce: "n1", how: "LEASE_ENDED" },
      { runId: "run_2" },
    );
    const settlement = (await desk.stored("run_2")).events
      .map(({ fact }) => fact)
      .find(({ type }) => type === "waiting");
    expect(settlement).not.toHaveProperty("unknown.lastHeartbeatAt");
  });

  it("announces a probe again, ever later, until a person is asked at the time that was said", async () => {
    await begin({ probe: true });
    await sweepAfter(scene.timing.leaseMs + 1);
    since = scene.now;
    expect((await desk.stored()).run.turn.calls[0]?.state.kind).toBe("probing");
    for (let passed = 0; passed < PROBE_MS - 1_000; passed += 1_000) await sweepAfter(1_000);
    expect(announced).toEqual([5_000, 10_000, 15_000, 25_000].map((ms) => `${RUN}/t1c1/1 after ${ms} ms`));
    expect((await desk.stored()).run.turn.calls[0]?.state.kind).toBe("probing");
    await sweepAfter(1_000);
    const { run, schedule } = await desk.stored();
    expect(run.turn.calls[0]?.state.kind).toBe("unknown");
    expect(await unknown()).toMatchObject({ lastHeartbeatAt: SEEN_AT, probe: { verdict: "NO_ANSWER" } });
    expect(schedule).toEqual({});
  });
});
