import { newId } from "@agentspan/internal";
import { expect } from "vitest";
import { type Fault, Overheard } from "../../src/index.js";
import { startRun } from "../agent-run.js";
import { Scene } from "../scene.js";
import type { Scenarios } from "./scenarios.js";

/** Three leases of the stack, in heartbeats of it. */
const LEASES_IN_HEARTBEATS = 15;

export const HEARTBEATS: Scenarios = {
  22: async (world) => {
    const scene = new Scene(world, await world.onBus());
    await scene.moreHeartbeats(10);
    const counters = scene.heartbeats().map(({ request }) => Number(request.counter));
    expect(counters).toEqual(counters.map((_, i) => (counters[0] ?? 0) + i));
    expect(scene.heartbeats().flatMap(({ request }) => request.tasks)).toEqual([]);
  },

  23: async (world) => {
    const scene = await Scene.atResident(world);
    const naming = (nonce: string | undefined) =>
      scene.heartbeats().flatMap(({ request }) => request.tasks.filter((task) => task.nonce === nonce));
    const hold = newId("gate");
    scene.rule("claim", { callId: "c1", attempt: 1 }, async ({ request: { nonce } }): Promise<Fault> => {
      await world.until("heartbeats name the claim in flight", () => naming(nonce).length >= 2);
      return "done";
    });
    let answered = false;
    scene.rule("complete", { callId: "c1", attempt: 1 }, async ({ request: { nonce } }, nth): Promise<Fault> => {
      if (nth > 1) return "done";
      const before = naming(nonce).length;
      await world.until("heartbeats name the outcome in flight", () => naming(nonce).length >= before + 2);
      answered = true;
      return "done";
    });
    const task = await scene.announce("plain", { hold });
    await scene.step("begin", task);
    const [claim] = scene.requests("claim", task);
    const nonce = claim?.request.nonce;
    await world.until("a heartbeat says that it has begun", () => naming(nonce).some(({ begun }) => begun));
    await world.openGate(hold);
    await world.until("its outcome is answered", () => answered && world.bus.outcome(task));
    const told = naming(nonce);
    expect(told[0]?.begun).toBe(false);
    // False, and then true for good.
    expect(told.map(({ begun }) => begun)).toEqual(told.map(({ begun }) => begun).toSorted());
    for (const { runId, callId, attempt } of told) {
      expect({ runId, callId, attempt }).toEqual({ runId: scene.runId, callId: "c1", attempt: 1 });
    }
    // In every one between the first and the last that named it.
    const heartbeats = scene.heartbeats().map(({ request }) => request.tasks.some((one) => one.nonce === nonce));
    expect(heartbeats.slice(heartbeats.indexOf(true), heartbeats.lastIndexOf(true) + 1)).not.toContain(false);
    await world.until("a heartbeat names it no more", () => {
      return !scene
        .heartbeats()
        .at(-1)
        ?.request.tasks.some((one) => one.nonce === nonce);
    });
  },

  24: async (world) => {
    const { workerId, queue } = await world.resident("stack");
    const overheard = await Overheard.of((await world.stack()).servers.natsUrl, workerId);
    try {
      const hold = newId("gate");
      const calls = ["plain", "once"].map((tool) => ({ tool, args: { hold } }));
      const run = await startRun(world, queue, [{ calls }, { text: "ok" }]);
      const naming = () =>
        overheard.seen.filter(({ verb, request }) => {
          return verb === "heartbeat" && request.tasks.filter(({ runId }) => runId === run.runId).length === 2;
        }).length;
      await world.until("both were in hand for several leases", () => naming() >= LEASES_IN_HEARTBEATS);
      await world.openGate(hold);
      await run.completed();
      expect(run.told().map((told) => JSON.parse(told))).toEqual([
        { done: "plain", attempt: 1 },
        { done: "once", attempt: 1 },
      ]);
      expect(world.ledger.lines({ step: "begin", runId: run.runId })).toHaveLength(2);
    } finally {
      await overheard.close();
    }
  },
};
