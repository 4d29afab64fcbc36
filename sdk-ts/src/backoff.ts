import { sleep, systemTime, type Time } from "@agentspan/internal";

/** Milliseconds to wait before the try after `failed` failed ones: doubling from `first` to `most`, half of it by lot. */
export function backoffMs(failed: number, first: number, most: number): number {
  const ceiling = Math.min(most, first * 2 ** Math.min(failed - 1, 30));
  return ceiling * (0.5 + Math.random() / 2);
}

interface PauseOptions {
  /** False: the wait keeps no process alive. */
  readonly ref?: boolean;
  readonly time?: Time;
}

/** Waits; rejects with the signal's reason when it aborts. */
export async function pause(
  ms: number,
  signal?: AbortSignal,
  { ref = true, time = systemTime }: PauseOptions = {},
): Promise<void> {
  signal?.throwIfAborted();
  await sleep(ref ? time : { after: (inMs, callback) => time.after(inMs, callback).unref() }, ms, signal);
  signal?.throwIfAborted();
}
