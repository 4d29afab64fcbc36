// How long a run stands still after a process was killed, with the settings that hold unless said: reckoned with a clock
// that the test moves, for every phase in which signs of life, looks and sweeps may stand to one another.
import { systemTime } from "@agentspan/internal";
import { describe, expect, it } from "vitest";
import { LeaseJudge } from "../../src/lease-judge.js";
import { Sweeper } from "../../src/sweeper.js";
import { claim, type Desk, RUN, Scene, start } from "../scenes/scene.js";

const LEASE_MS = 10_000;
const HEARTBEAT_MS = 3_000;
const LOOK_MS = 1_000;
const SWEEP_MS = 500;
/** An orchestrator that is killed is thought to look after its share until its lease has ended; others wait so long. */
const OTHERS_MS = 1_000;
/** What is promised: so long after the end of the lease. */
const PROMISED_MS = 5_000;

interface Hand {
  readonly everyMs: number;
  readonly act: () => unknown;
  next: number;
}

/** Moves the clock of a scene from one thing that happens to the next. */
class Clockwork {
  private readonly hands = new Set<Hand>();

  constructor(readonly scene: Scene) {}

  /** Happens at intervals from now on, first after the phase. The answer ends it. */
  every(everyMs: number, phaseMs: number, act: () => unknown): () => void {
    const hand = { everyMs, act, next: this.scene.now + phaseMs };
    this.hands.add(hand);
    return () => this.hands.delete(hand);
  }

  async until(done: () => boolean | Promise<boolean>, withinMs = 120_000): Promise<void> {
    const limit = this.scene.now + withinMs;
    while (!(await done())) {
      const next = [...this.hands].reduce((first, hand) => (hand.next < first.next ? hand : first));
      if (next.next > limit) throw new Error(`It did not happen within ${withinMs} ms.`);
      this.scene.now = Math.max(this.scene.now, next.next);
      next.next += next.everyMs;
      await next.act();
    }
  }

  async pass(ms: number): Promise<void> {
    const end = this.scene.now + ms;
    const stop = this.every(ms, ms, () => undefined);
    await this.until(() => this.scene.now >= end, ms);
    stop();
  }
}

interface Phases {
  readonly beat: number;
  readonly look: number;
  readonly sweep: number;
}

class Cluster {
  readonly scene = new Scene();
  readonly clockwork = new Clockwork(this.scene);
  readonly lastBeat = new Map<string, number>();
  private readonly counters = new Map<string, number>();

  /** A process that shows life until it is killed. The answer kills it. */
  async show(incarnation: string, kind: "orchestrator" | "worker", desk: Desk, inHand: () => string[], phase: number) {
    const beat = async (): Promise<void> => {
      const counter = (this.counters.get(incarnation) ?? 0) + 1;
      this.counters.set(incarnation, counter);
      this.lastBeat.set(incarnation, this.scene.now);
      const about = { incarnation, kind, name: incarnation, namespace: "default", tools: [] };
      await desk.store.beat([{ ...about, counter, inHand: inHand() }]);
    };
    await beat();
    return this.clockwork.every(HEARTBEAT_MS, phase, beat);
  }

  /** An orchestrator that looks, judges and sweeps. */
  async orchestrator(name: string, phases: Phases): Promise<Desk> {
    const { scene } = this;
    const desk = scene.desk(name);
    await this.show(name, "orchestrator", desk, () => [], phases.beat);
    const judge = new LeaseJudge({
      store: desk.store,
      leaseMs: LEASE_MS,
      pollMs: LOOK_MS,
      log: scene.log,
      time: { ...systemTime, monotonic: () => scene.now },
      ownWritesQuick: () => true,
      busAnswers: async () => true,
    });
    const sweeper = new Sweeper({
      store: desk.store,
      engine: desk.engine,
      relay: { announce: async () => true, seeTo: async () => true, hasInHand: () => false, callModel: () => {} },
      judge,
      clock: scene.clock,
      timing: scene.timing,
      orchestratorId: name,
      intervalMs: SWEEP_MS,
      batch: 200,
      atOnce: 16,
      log: scene.log,
      time: { ...systemTime, monotonic: () => scene.now },
    });
    this.clockwork.every(LOOK_MS, phases.look, () => judge.poll());
    this.clockwork.every(SWEEP_MS, phases.sweep, () => sweeper.sweep());
    return desk;
  }

  /** Milliseconds from the end of the lease of whoever was killed. */
  sinceLeaseOf(incarnation: string): number {
    return this.scene.now - (this.lastBeat.get(incarnation) ?? 0) - LEASE_MS;
  }
}

const PHASES: readonly Phases[] = [
  { beat: 0, look: 0, sweep: 0 },
  { beat: 700, look: 990, sweep: 490 },
  { beat: 1_999, look: 10, sweep: 250 },
];
/** Milliseconds after the claim, through two rounds of looks. */
const KILLED_AFTER = Array.from({ length: 48 }, (_, index) => 150 + index * 470);

async function lostWorker(tool: string, phases: Phases, killedAfter: number): Promise<number> {
  const cluster = new Cluster();
  const desk = await cluster.orchestrator("orc_1", phases);
  const inHand: string[] = [];
  const kill = await cluster.show("w1-1", "worker", desk, () => inHand, 1_300);
  await cluster.clockwork.pass(5_000);
  await desk.startWith([tool]);
  inHand.push("n1");
  await desk.execute(claim("t1c1", "n1"));
  await cluster.clockwork.pass(killedAfter);
  kill();
  await cluster.clockwork.until(async () => (await desk.stored()).run.turn.calls[0]?.state.kind !== "claimed");
  return cluster.sinceLeaseOf("w1-1");
}

describe("a run whose worker was killed", () => {
  it.each(["charge", "look_up"])("in %s moves on soon after the end of the lease, and never before", async (tool) => {
    const waits: number[] = [];
    for (const phases of PHASES) for (const after of KILLED_AFTER) waits.push(await lostWorker(tool, phases, after));
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(0);
    // A look and a sweep after it: that is all there is between the end of the lease and the verdict.
    expect(Math.max(...waits)).toBeLessThanOrEqual(LOOK_MS + SWEEP_MS);
    expect(Math.max(...waits)).toBeLessThan(PROMISED_MS);
  });
});

describe("a run whose model call was held by an orchestrator", () => {
  async function cluster(phases: Phases) {
    const made = new Cluster();
    const desk = await made.orchestrator("orc_1", phases);
    const holder = made.scene.desk("orc_2");
    const inHand = [`${RUN}/model/1/1`];
    const kill = await made.show("orc_2", "orchestrator", holder, () => inHand, 400);
    await made.clockwork.pass(5_000);
    await holder.execute(start(), { agent: await holder.agent() });
    const moved = async () => {
      const { model } = (await desk.stored()).run.turn;
      return model.kind === "calling" && model.holder === "orc_1";
    };
    return { made, desk, holder, kill, moved };
  }

  it("that was killed: another makes it soon after the end of the lease, and never before", async () => {
    const waits: number[] = [];
    for (const phases of PHASES) {
      for (const after of KILLED_AFTER) {
        const { made, kill, moved } = await cluster(phases);
        await made.clockwork.pass(after);
        kill();
        await made.clockwork.until(moved);
        waits.push(made.sinceLeaseOf("orc_2"));
      }
    }
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...waits)).toBeLessThanOrEqual(LOOK_MS + SWEEP_MS + OTHERS_MS);
    expect(Math.max(...waits)).toBeLessThan(PROMISED_MS);
  });

  it("that stopped and handed it back: another makes it at the next look", async () => {
    const { made, holder, kill, moved } = await cluster({ beat: 700, look: 990, sweep: 490 });
    await made.clockwork.pass(6_000);
    kill();
    await holder.store.removeInstance("orc_2");
    await holder.execute({ type: "reschedule", due: { "model/1/1": made.scene.now + 2 * LOOK_MS } });
    const stopped = made.scene.now;
    await made.clockwork.until(moved);
    expect(made.scene.now - stopped).toBeLessThanOrEqual(2 * LOOK_MS + SWEEP_MS);
  });

  it("that was the only one and comes back as another: it takes a whole lease of its own looks", async () => {
    const made = new Cluster();
    const gone = made.scene.desk("orc_0");
    await gone.store.beat([
      { incarnation: "orc_0", kind: "orchestrator", name: "o", namespace: "", counter: 9, inHand: [], tools: [] },
    ]);
    await gone.execute(start(), { agent: await gone.agent() });
    made.scene.now += 3_000;
    const back = made.scene.now;
    const desk = await made.orchestrator("orc_1", { beat: 700, look: 990, sweep: 490 });
    await made.clockwork.until(async () => {
      const { model } = (await desk.stored()).run.turn;
      return model.kind === "calling" && model.holder === "orc_1";
    });
    expect(made.scene.now - back).toBeGreaterThanOrEqual(LEASE_MS);
    expect(made.scene.now - back).toBeLessThanOrEqual(LEASE_MS + LOOK_MS + SWEEP_MS);
  });

  it("that was the only one, stopped, and comes back as another: nobody waits for a lease", async () => {
    const made = new Cluster();
    const gone = made.scene.desk("orc_0");
    await gone.execute(start(), { agent: await gone.agent() });
    await gone.execute({ type: "reschedule", due: { "model/1/1": made.scene.now } });
    made.scene.now += 3_000;
    const back = made.scene.now;
    const desk = await made.orchestrator("orc_1", { beat: 700, look: 990, sweep: 490 });
    await made.clockwork.until(async () => {
      const { model } = (await desk.stored()).run.turn;
      return model.kind === "calling" && model.holder === "orc_1";
    });
    expect(made.scene.now - back).toBeLessThanOrEqual(2 * LOOK_MS + SWEEP_MS);
  });
});

describe("a worker that lives", () => {
  it("keeps a task for as long as it takes, at one write in about a lease", async () => {
    const cluster = new Cluster();
    const desk = await cluster.orchestrator("orc_1", { beat: 0, look: 0, sweep: 0 });
    await cluster.show("w1-1", "worker", desk, () => ["n1"], 1_300);
    await desk.startWith(["charge"]);
    await desk.execute(claim("t1c1", "n1"));
    desk.store.forgetCalls();
    await cluster.clockwork.pass(10 * 60_000 - LEASE_MS);
    expect((await desk.stored()).run.turn.calls[0]?.state).toMatchObject({ kind: "claimed", nonce: "n1" });
    expect(desk.store.count("commit")).toBeLessThan(90);
  });

  it("and does not have the task is told apart from a lost one: after two signs of life, not after a lease", async () => {
    const cluster = new Cluster();
    const desk = await cluster.orchestrator("orc_1", { beat: 0, look: 0, sweep: 0 });
    await cluster.show("w1-1", "worker", desk, () => [], 1_300);
    await desk.startWith(["charge"]);
    await desk.execute(claim("t1c1", "n1"));
    const claimed = cluster.scene.now;
    await cluster.clockwork.until(async () => (await desk.stored()).run.turn.calls[0]?.state.kind === "unknown");
    expect(cluster.scene.now - claimed).toBeLessThanOrEqual(LEASE_MS + 2 * HEARTBEAT_MS + LOOK_MS + 2 * SWEEP_MS);
  });
});
