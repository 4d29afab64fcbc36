import { describe, expect, it } from "vitest";
import { firstToLookAfter } from "../../src/sweep-share.js";

const RUNS = Array.from({ length: 10_000 }, (_, index) => `run_${index.toString(36)}`);

function sharesOf(orchestrators: readonly string[]): Readonly<Record<string, number>> {
  const shares: Record<string, number> = Object.fromEntries(orchestrators.map((one) => [one, 0]));
  for (const run of RUNS) {
    const first = firstToLookAfter(run, orchestrators);
    shares[first] = (shares[first] ?? 0) + 1;
  }
  return shares;
}

describe("the shares of orchestrators", () => {
  it("are about equal", () => {
    for (const count of [2, 3, 8]) {
      const orchestrators = Array.from({ length: count }, (_, index) => `orc_${index}abc`);
      for (const share of Object.values(sharesOf(orchestrators))) {
        expect(Math.abs(share - RUNS.length / count)).toBeLessThan(RUNS.length / count / 8);
      }
    }
  });

  it("are the same for all who know the same orchestrators, in whatever order", () => {
    for (const run of RUNS.slice(0, 100)) {
      expect(firstToLookAfter(run, ["a", "b", "c"])).toBe(firstToLookAfter(run, ["c", "a", "b"]));
    }
  });

  it("of those that stay do not shrink when another goes: only its own runs change hands", () => {
    for (const run of RUNS) {
      const before = firstToLookAfter(run, ["a", "b", "c"]);
      if (before !== "c") expect(firstToLookAfter(run, ["a", "b"])).toBe(before);
    }
  });

  it("is everything where there is one", () => {
    expect(sharesOf(["a"])).toEqual({ a: RUNS.length });
  });
});
