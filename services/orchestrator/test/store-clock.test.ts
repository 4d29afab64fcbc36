import { createLogger, systemTime } from "@agentspan/internal";
import { beforeEach, describe, expect, it } from "vitest";
import { StoreClock } from "../src/clock.js";

const BEGIN = Date.UTC(2026, 0, 1, 12);

/** A machine with a clock that may be wrong, and a store with one that is right. */
class Machine {
  /** True time since the beginning. */
  passed = 0;
  /** How long the monotonic clock stood still. */
  slept = 0;
  answersAfterMs = 2;
  away = false;
  asked = 0;
  readonly clock: StoreClock;

  constructor(public wallOff = 0) {
    this.clock = new StoreClock({
      serverTime: async () => {
        this.asked += 1;
        await Promise.resolve();
        if (this.away) throw new Error("away");
        this.passed += this.answersAfterMs / 2;
        const time = BEGIN + this.passed;
        this.passed += this.answersAfterMs / 2;
        return time;
      },
      log: createLogger("clock", "silent"),
      intervalMs: 2 ** 30,
      time: {
        ...systemTime,
        wall: () => BEGIN + this.passed + this.wallOff,
        monotonic: () => this.passed - this.slept,
      },
    });
  }

  /** How far the clock is ahead of the truth. */
  get ahead(): number {
    return this.clock.now() - (BEGIN + this.passed);
  }
}

/** Lets a correction that is under way come to its end. */
async function settle(): Promise<void> {
  for (let i = 0; i < 10; i += 1) await Promise.resolve();
}

describe("the clock of an orchestrator", () => {
  let machine: Machine;

  beforeEach(() => {
    machine = new Machine();
  });

  it.each([30_000, -30_000, 3_600_000])("follows the store's where its machine's is %i ms off", async (off) => {
    machine = new Machine(off);
    expect(machine.ahead).toBe(off);
    await machine.clock.start();
    machine.clock.stop();
    expect(Math.abs(machine.ahead)).toBeLessThanOrEqual(1);
    machine.passed += 60_000;
    expect(Math.abs(machine.ahead)).toBeLessThanOrEqual(1);
  });

  it("is corrected by a slow answer too, where that shows that it is far off", async () => {
    machine = new Machine(30_000);
    machine.answersAfterMs = 4_000;
    await machine.clock.start();
    machine.clock.stop();
    // The answer was given at some time of those four seconds.
    expect(Math.abs(machine.ahead)).toBeLessThanOrEqual(4_000);
  });

  it("does not follow a slow answer that shows no more than that it was slow", async () => {
    await machine.clock.start();
    machine.clock.stop();
    machine.answersAfterMs = 4_000;
    await machine.clock.start();
    machine.clock.stop();
    expect(Math.abs(machine.ahead)).toBeLessThanOrEqual(1);
  });

  it("is not moved by somebody who sets the machine's clock, and asks the store once", async () => {
    await machine.clock.start();
    machine.clock.stop();
    machine.wallOff = 3_600_000;
    expect(machine.ahead).toBe(0);
    await settle();
    expect(machine.asked).toBe(2);
    expect(machine.ahead).toBe(0);
    expect(machine.asked).toBe(2);
  });

  it("is behind and not ahead after a sleep, until the store has answered", async () => {
    await machine.clock.start();
    machine.clock.stop();
    machine.passed += 3_600_000;
    machine.slept += 3_600_000;
    expect(machine.ahead).toBe(-3_600_000);
    await settle();
    expect(Math.abs(machine.ahead)).toBeLessThanOrEqual(1);
  });

  it("goes on by itself while the store is away", async () => {
    await machine.clock.start();
    machine.clock.stop();
    machine.away = true;
    machine.wallOff = -30_000;
    machine.passed += 300_000;
    expect(machine.ahead).toBe(0);
    await settle();
    expect(machine.ahead).toBe(0);
  });

  it("does not start without the store's time", async () => {
    machine.away = true;
    await expect(machine.clock.start()).rejects.toThrow("away");
  });
});
