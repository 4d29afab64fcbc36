import { describe, expect, it } from "vitest";
import { toMilliseconds } from "../src/duration.js";

describe("a duration", () => {
  it.each([
    [250, 250],
    ["500ms", 500],
    ["30s", 30_000],
    ["1.5h", 5_400_000],
    ["7d", 604_800_000],
  ] as const)("%s is %d ms", (duration, ms) => {
    expect(toMilliseconds(duration, "timeout")).toBe(ms);
  });

  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, "0s", "5 m", "m", "5x", ""])(
    "%s is refused, with the field's name",
    (wrong) => {
      expect(() => toMilliseconds(wrong as number, "tool.timeout")).toThrow(/^tool\.timeout is /);
    },
  );
});
