import { Gate } from "@agentspan/e2e";
import { newId } from "@agentspan/internal";
import { RefusalReason } from "@agentspan/proto";
import { expect } from "vitest";
import { GONE_ORCHESTRATOR_ID } from "../../src/index.js";
import { eventually, startRun } from "../agent-run.js";
import { Scene } from "../scene.js";
import type { Scenarios } from "./scenarios.js";

/** Of what a claim may be refused with, all that ends the task here. */
const REFUSALS = [
  RefusalReason.TAKEN,
  RefusalReason.ENDED,
  RefusalReason.CANCELLED,
  RefusalReason.PAUSED,
  RefusalReason.GATED,
  RefusalReason.NOT_FOUND,
];

export const CLAIMING: Scenarios = {
  5: async (world) => {
    const scene = new Scene(world, await world.onBus({ concurrency: 2 }));
    const hold = newId("gate");
    const first = await scene.announce("plain", { hold });
    const second = await scene.announce("plain", { hold });
    await Promise.all([scene.step("begin", first), scene.step("begin", second)]);
    const third = await scene.announce("plain");
    const other = await scene.announce("typed", { order_id: "ORD-8821", amount: 1 });
    await scene.moreHeartbeats(2);
    for (const { queue, tool } of [third, other]) {
      expect(await world.bus.takeHint(queue, tool, world.patienceMs)).toBe(true);
    }
    expect([...scene.requests("claim", third), ...scene.requests("claim", other)]).toEqual([]);
    const fourth = await scene.announce("plain");
    await world.openGate(hold);
    await Promise.all([first, second, fourth].map((task) => scene.outcome(task)));
    expect(Math.max(...scene.heartbeats().map(({ request }) => request.tasks.length))).toBe(2);
  },

  6: async (world) => {
    const scene = await Scene.atResident(world);
    scene.rule("claim", { callId: "c1", attempt: 1 }, (_, nth) => (nth === 1 ? "lost" : "done"));
    const lost = await scene.announce("plain", {}, { orchestratorId: GONE_ORCHESTRATOR_ID });
    const more = await Promise.all(Array.from({ length: 4 }, () => scene.announce("plain")));
    await Promise.all([lost, ...more].map((task) => scene.outcome(task)));
    const claims = scene.requests("claim", lost);
    const { workerId } = scene.serving;
    expect(claims.map(({ subject }) => subject).slice(0, 2)).toEqual([
      `agentspan.worker.${workerId}.claim.${GONE_ORCHESTRATOR_ID}`,
      `agentspan.worker.${workerId}.claim`,
    ]);
    expect(claims.length).toBeGreaterThanOrEqual(3);
    for (const { request } of claims) expect(request).toEqual(claims[0]?.request);
    expect(scene.lines({ step: "begin" }, lost)).toHaveLength(1);

    const nonces = [lost, ...more].map((task) => scene.requests("claim", task)[0]?.request.nonce ?? "");
    expect(new Set(nonces).size).toBe(nonces.length);
    for (const nonce of nonces) {
      // 128 bits are 22 characters at least, and a UUID has six fewer.
      expect(nonce.length).toBeGreaterThanOrEqual(22);
      expect(nonce).not.toMatch(/^[0-9a-f]{8}-?[0-9a-f]{4}-?4[0-9a-f]{3}-[89ab]/);
    }
    // Eight characters in common are no chance.
    expect(new Set(nonces.map((nonce) => nonce.slice(0, 8))).size).toBe(nonces.length);
  },

  7: async (world) => {
    const scene = await Scene.atResident(world);
    const answered = new Gate();
    scene.rule("claim", { callId: "c1", attempt: 1 }, () => answered.arrive().then(() => "done"));
    const task = await scene.announce("plain");
    const told = () => world.bus.hintAnswers(task);
    await world.until("NATS is told that somebody is at it", () => told().includes("+WPI"));
    expect(told()).not.toContain("+ACK");
    answered.open();
    await scene.outcome(task);
    await world.until("the hint is acknowledged", () => told().at(-1) === "+ACK");

    const refused = await Promise.all(REFUSALS.map((refusal) => scene.announce("plain", {}, { refusal })));
    for (const one of refused) {
      await world.until("the hint of a refused claim is acknowledged", () =>
        world.bus.hintAnswers(one).includes("+ACK"),
      );
    }
    await scene.servesOn();
    for (const one of refused) {
      expect(scene.lines({ step: "begin" }, one)).toEqual([]);
      expect([...scene.requests("complete", one), ...scene.requests("release", one)]).toEqual([]);
    }
  },

  8: async (world) => {
    const scene = await Scene.atResident(world);
    const hold = newId("gate");
    const task = await scene.announce("once", { hold });
    const acknowledged = () => world.bus.hintAnswers(task).filter((words) => words === "+ACK").length;
    await scene.step("begin", task);
    await world.until("its first hint is acknowledged", () => acknowledged() === 1);
    await world.bus.hint(task);
    await world.until("its second hint is acknowledged", () => acknowledged() === 2);
    await world.openGate(hold);
    await scene.outcome(task);
    await world.bus.hint(task);
    await world.until("its third hint is acknowledged", () => acknowledged() === 3);
    await scene.servesOn();
    expect(scene.lines({ step: "begin" }, task)).toHaveLength(1);
  },

  9: async (world) => {
    const both = await Promise.all([world.onStack(), world.onStack()]);
    const runs = await Promise.all(
      both.map(({ queue }) => {
        const calls = [1, 2, 3].map((n) => ({ tool: "plain", args: { n } }));
        return startRun(world, queue, [{ calls }, { calls }, { text: "ok" }]);
      }),
    );
    for (const [i, run] of runs.entries()) {
      await run.completed();
      const lines = world.ledger.lines({ step: "begin", runId: run.runId });
      expect(lines).toHaveLength(6);
      expect(new Set(lines.map(({ workerId }) => workerId))).toEqual(new Set([both[i]?.workerId]));
    }
  },

  10: async (world) => {
    const queue = newId("q");
    const run = await startRun(world, queue, [{ calls: [{ tool: "plain" }] }, { text: "ok" }]);
    const status = await eventually(world, "the status names the tool", run, ({ blockedOn }) => blockedOn.length > 0);
    expect(status.blockedOn).toEqual(["plain"]);
    expect(status.state).toBe("RUNNING");
    const { workerId } = await world.onStack({ queues: [queue] });
    await run.completed();
    expect(world.ledger.lines({ step: "begin", runId: run.runId }).map((line) => line.workerId)).toEqual([workerId]);
  },
};
