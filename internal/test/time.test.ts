import { describe, expect, it } from "vitest";
import { sleep, systemTime, type Time, type Timer } from "../src/time.js";

/** Calls back when the test says so. */
class HandWound implements Pick<Time, "after"> {
  readonly pending = new Set<() => void>();

  after(_ms: number, callback: () => void): Timer {
    this.pending.add(callback);
    const timer: Timer = { cancel: () => this.pending.delete(callback), unref: () => timer };
    return timer;
  }
}

describe("sleep", () => {
  it("ends when its time has come, and leaves no timer", async () => {
    const time = new HandWound();
    const slept = sleep(time, 30);
    for (const callback of time.pending) callback();
    await slept;
    expect(time.pending.size).toBe(0);
  });

  it("ends with its signal, before or while it sleeps, and leaves no timer", async () => {
    const time = new HandWound();
    await sleep(time, 30, AbortSignal.abort());
    const stop = new AbortController();
    const slept = sleep(time, 30, stop.signal);
    stop.abort();
    await slept;
    expect(time.pending.size).toBe(0);
  });
});

describe("the system's time", () => {
  it("calls back once, or again and again, until it is cancelled", async () => {
    await sleep(systemTime, 1);
    let ticks = 0;
    await new Promise<void>((resolve) => {
      const timer = systemTime.every(1, () => {
        ticks += 1;
        if (ticks < 3) return;
        timer.cancel();
        resolve();
      });
    });
    const after = systemTime.after(0, () => {
      ticks = 99;
    });
    after.unref().cancel();
    await sleep(systemTime, 5);
    expect(ticks).toBe(3);
  });
});
