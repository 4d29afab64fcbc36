import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { watchDisk } from "../src/disk-watch.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const MiB = 1024 * 1024;

it("tells once that the disk is nearly full, and again after there was room", async () => {
  let free = 900 * MiB;
  const onNearlyFull = vi.fn();
  const stop = watchDisk({ dataDir: "/data", freeBytes: async () => free, onNearlyFull, everyMs: 10 });
  const after = async (bytes: number) => {
    free = bytes;
    await vi.advanceTimersByTimeAsync(35);
    return onNearlyFull.mock.calls.length;
  };
  expect(await after(900 * MiB)).toBe(0);
  expect(await after(10 * MiB)).toBe(1);
  expect(await after(900 * MiB)).toBe(1);
  expect(await after(0)).toBe(2);
  stop();
  await after(900 * MiB);
  expect(await after(0)).toBe(2);
});
