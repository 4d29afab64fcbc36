import { setTimeout as delay } from "node:timers/promises";

/** Milliseconds to wait before the try after `failed` failed ones: doubling from `first` to `most`, half of it by lot. */
export function backoffMs(failed: number, first: number, most: number): number {
  const ceiling = Math.min(most, first * 2 ** Math.min(failed - 1, 30));
  return ceiling * (0.5 + Math.random() / 2);
}

/** Waits; rejects with the signal's reason when it aborts. With `ref: false` the wait keeps no process alive. */
export async function pause(ms: number, signal?: AbortSignal, ref = true): Promise<void> {
  signal?.throwIfAborted();
  try {
    await delay(ms, undefined, signal === undefined ? { ref } : { ref, signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}
