import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Bar, Doing } from "../src/run/bars.js";
import { timeScale } from "../src/run/time-scale.js";

function bar(...stretches: readonly (readonly [Doing, number, number?])[]): Bar {
  return {
    kind: "call",
    sequence: 1n,
    leadsTo: 1n,
    label: "refund",
    outcome: "ok",
    stretches: stretches.map(([doing, from, until]) => ({ doing, from, until })),
  };
}

const HOUR = 3_600_000;

describe("where moments are drawn", () => {
  it("is in proportion where nothing is drawn short", () => {
    const scale = timeScale([bar(["running", 1_000, 2_000]), bar(["person", 2_000, 5_000])], 5_000, false);
    expect([1_000, 2_000, 3_000, 5_000].map(scale.at)).toEqual([0, 0.25, 0.5, 1]);
    expect(scale.shortened).toEqual([]);
  });

  it("leaves room for work beside an hour of waiting, and says how long that was", () => {
    const bars = [
      bar(["model", 0, 20_000], ["person", 20_000, 20_000 + HOUR], ["running", 20_000 + HOUR, 40_000 + HOUR]),
    ];
    const scale = timeScale(bars, 40_000 + HOUR, true);
    expect(scale.shortened.map(({ ms }) => ms)).toEqual([HOUR]);
    // The work of 40 seconds, and the waiting as a tenth of it.
    expect(scale.at(20_000)).toBeCloseTo(20 / 44);
    expect(scale.at(20_000 + HOUR)).toBeCloseTo(24 / 44);
    const plain = timeScale(bars, 40_000 + HOUR, false);
    expect(plain.at(20_000)).toBeLessThan(0.01);
  });

  it("draws no work short, whatever waits beside it", () => {
    const bars = [bar(["person", 0, HOUR]), bar(["running", 0, HOUR])];
    expect(timeScale(bars, HOUR, true).shortened).toEqual([]);
  });

  it("goes on until now where something goes on", () => {
    const scale = timeScale([bar(["running", 0])], 10_000, true);
    expect(scale.until).toBe(10_000);
    expect(scale.at(5_000)).toBe(0.5);
  });

  it("has a place for the only moment that there is", () => {
    const scale = timeScale([], 5_000, true);
    expect(scale.at(5_000)).toBe(0);
  });

  it("never turns the order of two moments around, and stays within the picture", () => {
    const doing = fc.constantFrom<Doing>("model", "queued", "person", "running", "probing", "paused");
    const stretch = fc.tuple(doing, fc.nat(HOUR), fc.nat(HOUR));
    fc.assert(
      fc.property(fc.array(stretch, { maxLength: 20 }), fc.nat(3 * HOUR), fc.nat(3 * HOUR), (stretches, a, b) => {
        const bars = stretches.map(([what, from, length]) => bar([what, from, from + length]));
        const scale = timeScale(bars, 0, true);
        const [first, second] = [scale.at(Math.min(a, b)), scale.at(Math.max(a, b))];
        expect(first).toBeGreaterThanOrEqual(0);
        expect(second).toBeLessThanOrEqual(1 + 1e-9);
        expect(first).toBeLessThanOrEqual(second + 1e-9);
      }),
    );
  });
});
