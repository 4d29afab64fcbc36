import { formatDuration, parseDuration } from "@agentspan/internal";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

describe("parseDuration", () => {
  it.each([
    ["500ms", 500],
    ["3s", 3000],
    ["1.5m", 90_000],
    ["2h", 7_200_000],
    ["7d", 604_800_000],
    [" 0s ", 0],
  ])("reads %j as %i ms", (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each(["3", "", "s", "-1s", "3 s", "3S", "1e3s", "1s2s", "1w"])("does not guess what %j means", (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });

  it("reads back what formatDuration writes", () => {
    fc.assert(fc.property(fc.nat(), (ms) => parseDuration(formatDuration(ms)) === ms));
    expect([0, 90_000, 3_600_000, 1500].map(formatDuration)).toEqual(["0ms", "90s", "1h", "1500ms"]);
  });
});
