// Sweepers on engines that share a database. Whether holders live is what the test says; what is announced is written
// down.
import { systemTime } from "@agentspan/internal";
import type { Verdict } from "../../src/lease-judge.js";
import { Sweeper } from "../../src/sweeper.js";
import type { Desk, Scene } from "./scene.js";

export class SweepDesk {
  /** The verdict on whoever is asked about. */
  verdict: Verdict = "alive";
  leaseLeftMs = 10_000;
  orchestrators: readonly string[] = [];
  busAway = false;
  /** "run call attempt", in the order in which they were announced. */
  readonly announced: string[] = [];
  readonly modelCalls: string[] = [];
  /** Monotonic milliseconds. */
  monotonic = 0;
  /** What an announcement takes of them. */
  announceMs = 0;
  readonly sweeper: Sweeper;

  constructor(
    readonly desk: Desk,
    { batch = 200, atOnce = 16 }: { readonly batch?: number; readonly atOnce?: number } = {},
  ) {
    const { scene, engine, store, name } = desk;
    this.sweeper = new Sweeper({
      store,
      engine,
      relay: {
        announce: async (run, callId, attempt) => {
          this.monotonic += this.announceMs;
          if (!this.busAway) this.announced.push(`${run.runId} ${callId} ${attempt}`);
          return !this.busAway;
        },
        seeTo: async () => true,
        hasInHand: () => false,
        callModel: ({ run }, { turn, attempt }) => {
          this.modelCalls.push(`${run.runId} ${turn}/${attempt}`);
        },
      },
      judge: {
        verdict: () => this.verdict,
        holderVerdict: () => this.verdict,
        leaseLeftMs: () => this.leaseLeftMs,
        liveOrchestrators: () => this.orchestrators,
        lastHeartbeatAt: () => undefined,
      },
      clock: scene.clock,
      timing: scene.timing,
      orchestratorId: name,
      intervalMs: 500,
      batch,
      atOnce,
      log: scene.log,
      time: { ...systemTime, monotonic: () => this.monotonic },
    });
  }
}

/** Runs that wait for a worker, each with one plain call that is announced again after `announceMs`. */
export async function readyRuns(desk: Desk, count: number, prefix = "ready"): Promise<readonly string[]> {
  const ids = Array.from({ length: count }, (_, index) => `${prefix}_${index}`);
  for (const id of ids) await desk.startWith(["look_up"], id);
  return ids;
}

/** Runs that wait for a person. */
export async function waitingRuns(desk: Desk, count: number, prefix = "waiting"): Promise<readonly string[]> {
  const ids = Array.from({ length: count }, (_, index) => `${prefix}_${index}`);
  for (const id of ids) await desk.startWith(["refund"], id);
  return ids;
}

/** The runs that are due now. */
export async function dueNow(desk: Desk, scene: Scene): Promise<number> {
  return (await desk.store.due(scene.now, 1_000_000)).length;
}
