import { describe, expect, it } from "vitest";
import { CheckTime } from "../src/check-time.js";

describe("the time that checks may take", () => {
  it("is enough for each while few run out of it", () => {
    let now = 0;
    const time = new CheckTime(() => now);
    for (let minute = 0; minute < 10; minute += 1) {
      expect(time.limit()).toBe(200);
      time.spent(200);
      now += 60_000;
    }
  });

  it("is little for each where many do, and together no more than a moment", () => {
    const time = new CheckTime(() => 0);
    let together = 0;
    const limits = Array.from({ length: 100 }, () => {
      const limit = time.limit();
      time.spent(limit);
      together += limit;
      return limit;
    });
    expect(limits[0]).toBe(200);
    expect(limits.at(-1)).toBe(10);
    expect(limits).toEqual(limits.toSorted((a, b) => b - a));
    expect(together).toBeLessThan(2_000);
  });

  it("comes back with time", () => {
    let now = 0;
    const time = new CheckTime(() => now);
    time.spent(1_000);
    expect(time.limit()).toBe(10);
    now = 12_000;
    expect(time.limit()).toBe(100);
    now = 60_000;
    expect(time.limit()).toBe(200);
  });
});
