import { describe, expect, it } from "vitest";
import { BEHAVIOURS, SCENARIOS } from "./conformance.js";

describe("the list of behaviours", () => {
  it("has forty, numbered from one, each a sentence under a heading", () => {
    expect(BEHAVIOURS.map(({ number }) => number)).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
    for (const { group, sentence } of BEHAVIOURS) {
      expect(group).not.toBe("");
      expect(sentence).toMatch(/^[A-Z].*\.$/);
    }
  });

  it("has a scenario for each", () => {
    expect(Object.keys(SCENARIOS).map(Number)).toEqual(BEHAVIOURS.map(({ number }) => number));
  });
});
