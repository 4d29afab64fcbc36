// Tasks for workers that are not there: the queue takes so many hints and no more, and what is over waits in the store.
import { describe, expect, it } from "vitest";
import { DeltaWishes } from "../../src/delta-wishes.js";
import { History } from "../../src/history.js";
import { MemoryBroker } from "../../src/memory/memory-broker.js";
import { MemoryBus } from "../../src/memory/memory-bus.js";
import { ScriptedModels } from "../../src/models/scripted-models.js";
import { Relay } from "../../src/relay.js";
import { Sweeper } from "../../src/sweeper.js";
import { WorkerRegistry } from "../../src/worker-registry.js";
import { claim, Scene } from "../scenes/scene.js";

const MOST_HINTS = 20;
const TASKS = 100;

async function queued() {
  const scene = new Scene();
  const desk = scene.desk();
  const broker = new MemoryBroker({ mostHints: MOST_HINTS });
  const bus = new MemoryBus(broker);
  const [consumer = ""] = await bus.ensureConsumers("default", [{ queue: "desk", tool: "look_up" }]);
  const common = { engine: desk.engine, clock: scene.clock, orchestratorId: desk.name, log: scene.log };
  const relay = new Relay({
    ...common,
    history: new History(desk.store),
    agents: desk.agents,
    registry: new WorkerRegistry(desk.store),
    grants: { usesFor: () => Promise.resolve({}) },
    models: new ScriptedModels(() => undefined),
    bus,
    wishes: new DeltaWishes(() => 0),
    mostModelCalls: 1,
  });
  desk.listeners.add((committed) => {
    for (const effect of committed.effects) {
      if (effect.kind === "announce") void relay.announce(committed.stored.run, effect.callId, effect.attempt);
    }
  });
  const sweeper = new Sweeper({
    ...common,
    store: desk.store,
    relay,
    judge: {
      verdict: () => "alive",
      holderVerdict: () => "alive",
      leaseLeftMs: () => 10_000,
      liveOrchestrators: () => [],
      lastHeartbeatAt: () => undefined,
    },
    timing: scene.timing,
    intervalMs: 500,
    batch: 200,
    atOnce: 16,
  });
  for (let i = 0; i < TASKS; i += 1) await desk.startWith(["look_up"], `run_${i}`);
  return { scene, desk, broker, consumer, sweeper };
}

describe("more tasks than the queue takes", () => {
  it("are kept where they are, and cost a look each, ever more rarely", async () => {
    const { scene, desk, broker, sweeper } = await queued();
    expect(broker.storedHints).toBe(MOST_HINTS);
    let looks = 0;
    for (let minute = 0; minute < 60; minute += 1) {
      scene.now += 60_000;
      looks += await sweeper.sweep();
      expect(broker.storedHints).toBe(MOST_HINTS);
    }
    // Once a minute at first, then every quarter of an hour.
    expect(looks / TASKS).toBeLessThan(12);
    expect((await desk.stored("run_99")).run.turn.calls[0]?.state).toMatchObject({ kind: "ready", attempt: 1 });
  });

  it("all come to a worker once there is one, none twice", async () => {
    const { scene, desk, broker, consumer, sweeper } = await queued();
    const claimed = new Set<string>();
    for (let round = 0; claimed.size < TASKS && round < 1_000; round += 1) {
      const hint = await broker.pull(consumer, 1);
      if (hint === undefined) {
        scene.now += 5_000;
        await sweeper.sweep();
        continue;
      }
      const runId = hint.subject.split(".")[5] ?? "";
      const { answer } = await desk.execute(claim("t1c1", `nonce of ${runId} ${round}`), { runId });
      hint.ack();
      if (answer.type === "granted") claimed.add(runId);
      expect(broker.storedHints).toBeLessThanOrEqual(MOST_HINTS);
    }
    expect(claimed.size).toBe(TASKS);
  });
});
