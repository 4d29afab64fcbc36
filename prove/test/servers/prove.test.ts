// The short form: a stack of its own, half a minute at most, and everything must hold. npm run prove is the long one.
import { expect, it } from "vitest";
import { DEFAULTS, held, prove, tableOf } from "../../src/index.js";

it("runs that are driven through kills, lost answers and stopped processes keep every promise", async () => {
  const report = await prove({
    ...DEFAULTS,
    everyPoint: false,
    runs: 30,
    atOnce: 15,
    forMs: 6_000,
    killEveryMs: 2_000,
    pointEveryMs: 200,
    otherEveryMs: 1_000,
    boundMs: 90_000,
    orchestrators: 2,
    gateways: 2,
    workers: 2,
    leaseMs: 2_000,
    seed: 20_261_124,
    faults: ["kill", "points", "stop", "answers"],
    onProgress: () => undefined,
  });
  expect(held(report), tableOf(report)).toBe(true);
  expect(report.runs).toBe(30);
  expect(report.tally.points.filter(({ count }) => count > 0).length).toBeGreaterThanOrEqual(3);
  expect(report.tally.faults.length).toBeGreaterThanOrEqual(3);
  for (const { invariant, count } of report.checks) expect(count, invariant).toBeGreaterThan(0);
}, 180_000);
