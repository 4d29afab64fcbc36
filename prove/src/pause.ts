/** How long to wait before trying again what has failed so often in a row: as a client that means well, up to 5 s. */
export function backoffMs(failed: number): number {
  return Math.min(5_000, 250 * 2 ** Math.min(failed - 1, 8)) * (0.5 + Math.random());
}

/** Resolves after so many milliseconds; rejects with the signal's reason where it is aborted first. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    }, ms);
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}
