import { canonicalArguments } from "@agentspan/internal";
import { expect } from "vitest";
import { argumentsOf } from "../../src/index.js";
import { Scene } from "../scene.js";
import type { Scenarios } from "./scenarios.js";

/** What a careless reading would change. */
const HARD = `{
  "numbers": [9007199254740994, -9007199254740994, 123456789012345680000, 1e21, 5e-324, 1.7976931348623157e308, 0.1, -0.5],
  "scripts": "Åé e\\u0301 漢字 عربى ไทย 🜁 👩‍👩‍👧 \\u2028 \\u0001 \\"\\\\/",
  "keys": {"__proto__": {"a": 1}, "constructor": 2, "toString": 3, "a.b": 4, "$where": 5, "": 6, "😀": 7, "\\ufb33": 8},
  "empty": [{}, [], "", null, false, 0]
}`;

export function hard(): string {
  const read = canonicalArguments(HARD);
  if (!read.ok) throw new Error(read.problem);
  return read.text;
}

const TIME_MS = 1_500;

export const RUNNING: Scenarios = {
  19: async (world) => {
    const scene = await Scene.atResident(world);
    const text = hard();
    const tasks = await Promise.all([scene.announce("plain", text), scene.announce("gated", text)]);
    for (const task of tasks) {
      await scene.result(task);
      expect(argumentsOf(await scene.step("begin", task))).toBe(text);
    }
  },

  20: async (world) => {
    const scene = await Scene.atResident(world);
    const plain = await scene.announce("plain", {}, { attempt: 3, key: "key-of-the-call" });
    const gated = await scene.announce("gated", {}, { approvalId: "apr_c2_x4k2m9", decisionId: "dec_5h1w" });
    await Promise.all([scene.result(plain), scene.result(gated)]);
    expect(await scene.step("begin", plain)).toMatchObject({
      ...{ tool: "plain", runId: scene.runId, callId: plain.callId, attempt: 3, key: "key-of-the-call" },
      ...{ approvalId: "", decisionId: "" },
    });
    expect(await scene.step("begin", gated)).toMatchObject({
      ...{ tool: "gated", runId: scene.runId, callId: gated.callId, attempt: 1, key: gated.key },
      ...{ approvalId: "apr_c2_x4k2m9", decisionId: "dec_5h1w" },
    });
  },

  21: async (world) => {
    const scene = await Scene.atResident(world);
    const hold = "never";
    const tasks = await Promise.all(
      [20_000, -20_000].map((clockMs) =>
        scene.announce("plain", { hold, heed: true }, { deadlineMs: TIME_MS, changes: { clockMs } }),
      ),
    );
    for (const task of tasks) {
      const cancelled = await scene.step("cancelled", task);
      const begin = await scene.step("begin", task);
      // The server's clock is 20 s off, either way. A millisecond is lost where two clocks are rounded.
      expect(begin.deadline).toBeLessThanOrEqual(begin.at + TIME_MS + 1);
      expect(begin.deadline).toBeGreaterThan(begin.at - 10_000);
      expect(cancelled.at).toBeGreaterThanOrEqual(begin.deadline - 20);
      expect(JSON.parse(await scene.result(task))).toEqual({ cancelled: true });
    }
    const free = await scene.announce("plain");
    await scene.result(free);
    expect((await scene.step("begin", free)).deadline).toBe(0);
  },
};
