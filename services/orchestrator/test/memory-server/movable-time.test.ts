import { eventually } from "@agentspan/servers/eventually";
import { expect, it } from "vitest";
import { MovableTime } from "../../src/memory-server/movable-time.js";

const DAY_MS = 86_400_000;

it("moves the date alone", () => {
  const movable = new MovableTime();
  const before = { wall: movable.time.wall(), monotonic: movable.time.monotonic(), real: Date.now() };
  movable.leap(30 * DAY_MS);
  const moved = movable.time.wall() - before.wall;
  const passed = Date.now() - before.real;
  expect(moved - 30 * DAY_MS).toBeLessThanOrEqual(passed + 1);
  expect(movable.time.monotonic() - before.monotonic).toBeLessThan(DAY_MS);
});

it("lets go off what has waited for long by the date, and nothing before, nor what was cancelled", async () => {
  const movable = new MovableTime();
  const { time } = movable;
  const seen: string[] = [];
  const cancelled = time.after(DAY_MS, () => seen.push("cancelled"));
  time.after(DAY_MS, () => seen.push("a day"));
  const later = time.after(3 * DAY_MS, () => seen.push("three days")).unref();
  cancelled.cancel();
  movable.leap(2 * DAY_MS);
  await eventually(() => expect(seen).toEqual(["a day"]));
  movable.leap(DAY_MS);
  await eventually(() => expect(seen).toEqual(["a day", "three days"]));
  later.cancel();
});

it("leaves alone what only ticks", async () => {
  const movable = new MovableTime();
  const seen: string[] = [];
  const tick = movable.time.every(30_000, () => seen.push("tick"));
  const soon = movable.time.after(30_000, () => seen.push("soon"));
  const long = movable.time.after(DAY_MS, () => seen.push("long"));
  movable.leap(DAY_MS);
  await eventually(() => expect(seen).toEqual(["long"]));
  for (const timer of [tick, soon, long]) timer.cancel();
});
