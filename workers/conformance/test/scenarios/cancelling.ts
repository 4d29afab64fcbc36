import { newId } from "@agentspan/internal";
import { expect } from "vitest";
import { startRun } from "../agent-run.js";
import { Scene } from "../scene.js";
import type { Scenarios } from "./scenarios.js";

export const CANCELLING: Scenarios = {
  32: async (world) => {
    const scene = await Scene.atResident(world);
    const hold = newId("gate");
    const heeding = await scene.announce("plain", { hold, heed: true });
    const unheeding = await scene.announce("once", { hold });
    const untold = await scene.announce("plain", { hold, heed: true });
    await Promise.all([heeding, unheeding, untold].map((task) => scene.step("begin", task)));
    for (const task of [heeding, unheeding]) {
      world.bus.stop.add(scene.requests("claim", task)[0]?.request.nonce ?? "");
    }
    expect(JSON.parse(await scene.result(heeding))).toEqual({ cancelled: true });
    await scene.step("cancelled", unheeding);
    await scene.moreHeartbeats(2);
    expect(world.bus.outcome(unheeding)).toBeUndefined();
    await world.openGate(hold);
    expect(JSON.parse(await scene.result(unheeding))).toEqual({ done: "once", attempt: 1 });
    expect(JSON.parse(await scene.result(untold))).toEqual({ done: "plain", attempt: 1 });
    expect(scene.lines({ step: "cancelled" })).toHaveLength(2);

    const { queue } = await world.resident("stack");
    const run = await startRun(world, queue, [{ calls: [{ tool: "plain", args: { hold: "never", heed: true } }] }]);
    const lines = (step: "begin" | "cancelled") => world.ledger.lines({ step, runId: run.runId }).length;
    await world.until("the tool has begun", () => lines("begin") === 1);
    await run.handle.cancel("nobody wants it");
    await world.until("the tool is cancelled", () => lines("cancelled") === 1);
    const { state } = await run.handle.result({ signal: AbortSignal.timeout(world.patienceMs) });
    expect(state).toBe("CANCELLED");
  },
};
