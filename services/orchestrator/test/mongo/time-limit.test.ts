import { describe, expect, it } from "vitest";
import { TimeLimit } from "../../src/mongo/time-limit.js";

const NEVER = (): Promise<never> => new Promise(() => undefined);
const OVER = { name: "MongoNetworkTimeoutError" };

describe("a time limit of commands", () => {
  it("gives what a command gives, or how it fails", async () => {
    const limit = new TimeLimit(60_000);
    expect(await limit.of(async () => 1)).toBe(1);
    await expect(limit.of(async () => Promise.reject(new RangeError("no")))).rejects.toThrow(RangeError);
  });

  it("ends a command that never does, and tells it by its signal", async () => {
    let told: unknown;
    const command = (signal: AbortSignal): Promise<never> => {
      signal.addEventListener("abort", () => {
        told = signal.reason;
      });
      return NEVER();
    };
    await expect(new TimeLimit(10).of(command)).rejects.toMatchObject(OVER);
    expect(told).toMatchObject(OVER);
  });

  it("ends sooner what is in progress when connections are lost, and leaves alone what comes after", async () => {
    const limit = new TimeLimit(60_000);
    const before = limit.of(NEVER);
    const quick = limit.of(async () => "done");
    limit.hurry(10);
    let ended = false;
    void limit.of(NEVER).catch(() => {
      ended = true;
    });
    await expect(before).rejects.toMatchObject(OVER);
    expect(await quick).toBe("done");
    expect(ended).toBe(false);
  });
});
