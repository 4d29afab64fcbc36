import { Gate } from "@agentspan/e2e";
import { newId } from "@agentspan/internal";
import { ReleaseReason } from "@agentspan/proto";
import { expect } from "vitest";
import { Overheard, type World } from "../../src/index.js";
import { type AgentRun, checkpoint, startRun } from "../agent-run.js";
import { Scene } from "../scene.js";
import type { Scenarios } from "./scenarios.js";

function begun(world: World, run: AgentRun) {
  return world.ledger.lines({ step: "begin", runId: run.runId });
}

export const DYING: Scenarios = {
  36: async (world) => {
    const scene = new Scene(world, await world.onBus({ graceMs: 20_000 }));
    const { process } = scene.serving;
    const hold = newId("gate");
    const running = await scene.announce("once", { hold });
    await scene.step("begin", running);
    const answered = new Gate();
    scene.rule("claim", { callId: "c2", attempt: 1 }, () => answered.arrive().then(() => "done"));
    const unbegun = await scene.announce("plain");
    await answered.reached;
    process.signal("SIGTERM");
    await world.until("it is stopping", () => world.ledger.lines({ step: "stopping", pid: process.pid }).length > 0);
    await scene.moreHeartbeats(2);
    const never = await scene.announce("plain");
    answered.open();
    const { request } = await world.until(
      "what has not begun is handed back",
      () => scene.requests("release", unbegun)[0],
    );
    expect(ReleaseReason[request.reason]).toBe("SHUTTING_DOWN");
    const nonce = scene.requests("claim", running)[0]?.request.nonce;
    const before = scene.heartbeats().length;
    await scene.moreHeartbeats(2);
    for (const { request: told } of scene.heartbeats().slice(before)) {
      expect(told.tasks.some((task) => task.nonce === nonce)).toBe(true);
    }
    await world.openGate(hold);
    expect(JSON.parse(await scene.result(running))).toEqual({ done: "once", attempt: 1 });
    expect(await process.exited).toEqual({ code: 0, signal: null });
    expect(scene.lines({ step: "begin" })).toHaveLength(1);
    expect(scene.requests("claim", never)).toEqual([]);
  },

  37: async (world) => {
    const known = { workerId: newId("worker"), queues: [newId("q")] };
    const overheard = await Overheard.of((await world.stack()).servers.natsUrl, known.workerId);
    try {
      const first = await world.onStack(known);
      const hold = newId("gate");
      const calls = [{ tool: "plain", args: { hold } }];
      const run = await startRun(world, first.queue, [{ calls }, { text: "ok" }]);
      await world.until("the tool has begun", () => begun(world, run).length === 1);
      await first.process.kill();
      await world.openGate(hold);
      const second = await world.onStack(known);
      await run.completed();
      const lines = begun(world, run);
      expect(lines.map(({ pid, attempt }) => ({ pid, attempt }))).toEqual([
        { pid: first.process.pid, attempt: 1 },
        { pid: second.process.pid, attempt: 2 },
      ]);
      expect(lines[1]?.key).toBe(lines[0]?.key);
      expect(overheard.incarnations).toHaveLength(2);
      expect(run.told().map((told) => JSON.parse(told))).toEqual([{ done: "plain", attempt: 2 }]);
    } finally {
      await overheard.close();
    }
  },

  38: async (world) => {
    const first = await world.onStack();
    const hold = newId("gate");
    const start = (tool: string, more: object = {}) =>
      startRun(world, first.queue, [{ calls: [{ tool, args: { hold, ...more } }] }, { text: "ok" }]);
    const [gated, probed] = await Promise.all([start("gated"), start("probed", { probe: "HAPPENED" })]);
    await checkpoint(world, gated, "APPROVAL");
    await gated.handle.approve();
    await world.until("both have begun", () => [gated, probed].every((run) => begun(world, run).length === 1));
    await first.process.kill();
    await world.openGate(hold);
    const second = await world.onStack({ queues: [first.queue] });
    await probed.completed();
    const [line] = begun(world, probed);
    expect(probed.told().map((told) => JSON.parse(told))).toEqual([{ found: line?.key }]);
    const probes = world.ledger.lines({ step: "probe", runId: probed.runId });
    expect(probes[0]).toMatchObject({ pid: second.process.pid, key: line?.key });
    await checkpoint(world, gated, "SETTLEMENT");
    await gated.handle.settle("HAPPENED", { result: { refunded: true } });
    await gated.completed();
    for (const run of [gated, probed]) expect(begun(world, run)).toHaveLength(1);
  },

  39: async (world) => {
    const [stopped, other] = await Promise.all([world.onStack(), world.stack()]);
    const overheard = await Overheard.of(other.servers.natsUrl, stopped.workerId);
    try {
      const hold = newId("gate");
      const calls = [{ tool: "plain", args: { hold, heed: true } }];
      const run = await startRun(world, stopped.queue, [{ calls }, { text: "ok" }]);
      await world.until("it has begun", () => begun(world, run).length === 1);
      stopped.process.signal("SIGSTOP");
      const next = await world.onStack({ queues: [stopped.queue] });
      await world.until("another has begun it", () => begun(world, run).length === 2);
      stopped.process.signal("SIGCONT");
      const { workerId, attempt } = await world.until("the first is cancelled", () => {
        return world.ledger.lines({ step: "cancelled", runId: run.runId })[0];
      });
      expect({ workerId, attempt }).toEqual({ workerId: stopped.workerId, attempt: 1 });
      await world.until("it has told its outcome", () => overheard.seen.some(({ verb }) => verb === "complete"));
      await world.openGate(hold);
      await run.completed();
      expect(run.told().map((told) => JSON.parse(told))).toEqual([{ done: "plain", attempt: 2 }]);

      await next.process.kill();
      const after = await startRun(world, stopped.queue, [{ calls: [{ tool: "plain" }] }, { text: "ok" }]);
      await after.completed();
      expect(begun(world, after).map((line) => line.pid)).toEqual([stopped.process.pid]);
      expect(overheard.incarnations).toHaveLength(1);
    } finally {
      await overheard.close();
    }
  },
};
