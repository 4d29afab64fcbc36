import { describe, expect, it } from "vitest";
import { RunAffinity } from "../src/bus/run-affinity.js";

describe("the memory of who answered", () => {
  it("keeps the runs that were used last, and no more", () => {
    const affinity = new RunAffinity(2);
    affinity.set("a", "one");
    affinity.set("b", "one");
    affinity.set("a", "two");
    affinity.set("c", "one");
    expect([affinity.get("a"), affinity.get("b"), affinity.get("c")]).toEqual(["two", undefined, "one"]);
    affinity.forget("a");
    expect(affinity.get("a")).toBeUndefined();
  });
});
