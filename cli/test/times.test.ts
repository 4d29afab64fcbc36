import { expect, it } from "vitest";
import { dateAndTime, span, timeOfDay } from "../src/times.js";

const at = new Date(2026, 10, 4, 9, 5, 3, 7);

it("writes times of this machine's zone with all their digits", () => {
  expect(dateAndTime(at)).toBe("2026-11-04 09:05:03");
  expect(timeOfDay(at)).toBe("09:05:03.007");
  expect([dateAndTime(undefined), timeOfDay(undefined)]).toEqual(["-", "-"]);
});

it("writes a span by its largest unit", () => {
  expect([-5, 999, 59_999, 60_000, 3_600_000, 200_000_000].map(span)).toEqual([
    "0 s",
    "0 s",
    "59 s",
    "1 min",
    "1 h",
    "2 d",
  ]);
});
