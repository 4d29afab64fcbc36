import { beforeEach, describe, expect, it } from "vitest";
import type { StoredRun } from "../../src/ports.js";
import { Sweeper } from "../../src/sweeper.js";
import { type Desk, RUN, replies, Scene, start } from "../scenes/scene.js";

/** A sweeper whose own model calls are overdue, and which sees a run as it was when it began to look. */
describe("the sweeper of the orchestrator that holds a model call", () => {
  let scene: Scene;
  let desk: Desk;
  let seen: StoredRun;
  let made: string[];
  let inHand: boolean;

  beforeEach(async () => {
    scene = new Scene();
    desk = scene.desk();
    made = [];
    inHand = false;
    await desk.execute(start(), { agent: await desk.agent() });
    seen = await desk.stored();
    scene.now += scene.timing.leaseMs + 1;
  });

  function sweep(): Promise<number> {
    return new Sweeper({
      store: { due: async () => [{ runId: RUN, wakeAt: scene.now }], load: async () => seen },
      engine: desk.engine,
      relay: {
        announce: async () => true,
        seeTo: async () => true,
        hasInHand: () => inHand,
        callModel: ({ run }, { turn, attempt }) => {
          made.push(`${run.runId} ${turn}/${attempt} at ${run.lastSequence}`);
        },
      },
      judge: {
        verdict: () => "undecided",
        holderVerdict: () => "undecided",
        leaseLeftMs: () => 0,
        liveOrchestrators: () => [],
        lastHeartbeatAt: () => undefined,
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

  it("makes one that is owed and not in hand", async () => {
    await sweep();
    expect(made).toEqual([`${RUN} 1/1 at 1`]);
  });

  it("leaves one alone that is in hand", async () => {
    inHand = true;
    await sweep();
    expect(made).toEqual([]);
  });

  it("does not make one again that was answered since the run was read", async () => {
    await desk.execute(replies(1, ["look_up"]));
    await sweep();
    expect(made).toEqual([]);
  });
});
