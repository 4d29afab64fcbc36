import { describe, expect, it } from "vitest";
import { nearestName } from "../src/nearest-name.js";

describe("nearestName", () => {
  it("takes the name with the fewest changed letters", () => {
    expect(nearestName("colur", ["colours", "colour", "column"], 2)).toBe("colour");
  });

  it("takes none that is too far away", () => {
    expect(nearestName("colour", ["shape", "size"], 2)).toBeUndefined();
  });
});
