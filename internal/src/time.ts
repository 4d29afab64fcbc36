// The clocks and timers of a process, so that somebody else's can stand in for them: whatever waits, or reckons how long
// something took, has them from whoever made it.

export interface Time {
  /** Milliseconds since the epoch; may jump. */
  wall(): number;
  /** Milliseconds since some instant; stands still while the machine sleeps. */
  monotonic(): number;
  /** Calls back once, so many milliseconds from now. */
  after(ms: number, callback: () => void): Timer;
  /** Calls back each time that so many milliseconds have passed. */
  every(ms: number, callback: () => void): Timer;
}

export interface Timer {
  cancel(): void;
  /** Keeps no process alive. Gives the timer. */
  unref(): Timer;
}

/** This machine's. */
export const systemTime: Time = {
  wall: () => Date.now(),
  monotonic: () => performance.now(),
  after: (ms, callback) => {
    const handle = setTimeout(callback, ms);
    return timerOf(handle, () => clearTimeout(handle));
  },
  every: (ms, callback) => {
    const handle = setInterval(callback, ms);
    return timerOf(handle, () => clearInterval(handle));
  },
};

/** Resolves after the time, or as soon as the signal aborts. */
export function sleep(time: Pick<Time, "after">, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const end = (): void => {
      timer.cancel();
      signal?.removeEventListener("abort", end);
      resolve();
    };
    const timer = time.after(ms, end);
    signal?.addEventListener("abort", end, { once: true });
  });
}

function timerOf(handle: NodeJS.Timeout, cancel: () => void): Timer {
  const timer: Timer = {
    cancel,
    unref: () => {
      handle.unref();
      return timer;
    },
  };
  return timer;
}
