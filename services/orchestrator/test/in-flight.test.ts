import { describe, expect, it } from "vitest";
import { InFlight } from "../src/nats/in-flight.js";

describe("What is on its way to the broker", () => {
  it("is bounded, goes in order, and refuses what would wait beyond the bound", async () => {
    const inFlight = new InFlight(2, 2);
    const begun: number[] = [];
    const ends: (() => void)[] = [];
    const work = (id: number) =>
      inFlight.run(() => {
        begun.push(id);
        return new Promise<number>((resolve) => ends.push(() => resolve(id)));
      });
    const running = [work(0), work(1), work(2), work(3)];
    expect(begun).toEqual([0, 1]);
    await expect(work(4)).rejects.toMatchObject({ reason: "BUS_UNAVAILABLE", retryAfterMs: expect.any(Number) });
    for (let at = 0; at < 4; at += 1) {
      ends[at]?.();
      await running[at];
      await Promise.resolve();
    }
    expect(begun).toEqual([0, 1, 2, 3]);
    expect(await Promise.all(running)).toEqual([0, 1, 2, 3]);
  });

  it("makes room again when the work fails", async () => {
    const inFlight = new InFlight(1, 1);
    const failing = inFlight.run(() => Promise.reject(new Error("no")));
    const next = inFlight.run(async () => "done");
    await expect(failing).rejects.toThrow("no");
    expect(await next).toBe("done");
    expect(await inFlight.run(async () => "again")).toBe("again");
  });
});
