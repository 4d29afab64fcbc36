import { describe, expect, it } from "vitest";
import { FakeTime } from "../../src/testing/stack/fake-time.js";

const BEGIN = Date.UTC(2026, 0, 1);
const HOUR_MS = 3_600_000;

describe("the kit's clock", () => {
  it("lets timers go off in the order of their times, each at its own", () => {
    const clock = new FakeTime(BEGIN);
    const { time } = clock;
    const seen: string[] = [];
    const note = (name: string) => () => seen.push(`${name} at ${time.monotonic()}`);
    time.after(30, note("late"));
    time.after(10, note("early"));
    time.after(10, note("second"));
    time.every(15, note("tick"));
    time.after(20, note("never")).unref().cancel();
    while (time.monotonic() < 40) clock.step(BEGIN + 40);
    expect(seen).toEqual(["early at 10", "second at 10", "tick at 15", "late at 30", "tick at 30"]);
    expect(time.wall()).toBe(BEGIN + 40);
  });

  it("leaps over a time: the date goes on, and what ticks stands still", () => {
    const clock = new FakeTime(BEGIN);
    const { time } = clock;
    let ticks = 0;
    time.every(1_000, () => {
      ticks += 1;
    });
    clock.leap(HOUR_MS);
    expect([time.wall() - BEGIN, time.monotonic(), ticks]).toEqual([HOUR_MS, 0, 0]);
    clock.step(BEGIN + 2 * HOUR_MS);
    expect([time.wall() - BEGIN, time.monotonic(), ticks]).toEqual([HOUR_MS + 1_000, 1_000, 1]);
  });

  it("passes by no leap what waits for long, nor what the kit itself waits for", () => {
    const clock = new FakeTime(BEGIN);
    const { time } = clock;
    const seen: string[] = [];
    expect(clock.nextLasting).toBeUndefined();
    time.after(2 * HOUR_MS, () => seen.push(`lasting at ${time.wall() - BEGIN}`));
    clock.later(30_000, () => seen.push(`later at ${time.wall() - BEGIN}`));
    expect(clock.nextLasting).toBe(BEGIN + 30_000);
    clock.leap(25_000);
    clock.stepOn();
    expect(clock.nextLasting).toBe(BEGIN + 2 * HOUR_MS);
    clock.leap(HOUR_MS);
    clock.stepOn();
    expect(seen).toEqual([`later at ${30_000}`, `lasting at ${2 * HOUR_MS}`]);
  });

  it("goes back for nobody: what is overdue goes off now", () => {
    const clock = new FakeTime(BEGIN);
    const { time } = clock;
    clock.step(BEGIN + 500);
    let at = 0;
    time.after(-5, () => {
      at = time.monotonic();
    });
    clock.stepOn();
    expect(at).toBe(500);
    clock.step(BEGIN);
    expect(time.monotonic()).toBe(500);
  });
});
