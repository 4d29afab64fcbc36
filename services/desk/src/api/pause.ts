/** Resolves after so many milliseconds, or as soon as the network is back, the page is looked at, or it is of no use. */
export function pauseOrWake(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const wake = (): void => {
      if (document.visibilityState === "visible" || signal.aborted) end();
    };
    const end = (): void => {
      clearTimeout(timer);
      window.removeEventListener("online", end);
      document.removeEventListener("visibilitychange", wake);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    window.addEventListener("online", end);
    document.addEventListener("visibilitychange", wake);
    signal.addEventListener("abort", end);
    if (signal.aborted) end();
  });
}
