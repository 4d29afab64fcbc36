import { describe, expect, it } from "vitest";
import { date, storedDate, timeOf } from "../../src/mongo/stored-date.js";

describe("a stored date", () => {
  it("is the nearest that every server takes", () => {
    const time = Date.UTC(2026, 0, 1);
    expect(storedDate(time).getTime()).toBe(time);
    const last = "9999-12-31T23:59:59.999Z";
    for (const late of [Date.parse(last) + 1, 8.64e15 + 1, Number.MAX_SAFE_INTEGER, Number.POSITIVE_INFINITY]) {
      expect(storedDate(late).toISOString()).toBe(last);
    }
    expect(storedDate(-9e15).toISOString()).toBe("0001-01-01T00:00:00.000Z");
  });

  it("is read as one where everybody can be told it, and nothing else is", () => {
    for (const at of [0, 1.5, Date.UTC(2026, 0, 1)]) expect(timeOf(storedDate(at))).toBe(Math.trunc(at));
    const others = [new Date(8e15), new Date(-8e15), new Date(Number.NaN), "2026-01-01", 5, null, undefined, {}];
    for (const other of others) {
      expect(timeOf(other)).toBeUndefined();
      expect(() => date(other, "at")).toThrow("at is not as it should be");
    }
  });
});
