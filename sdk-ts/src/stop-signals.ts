const SIGNALS = ["SIGTERM", "SIGINT"] as const;

/**
 * Resolves at the first SIGTERM or SIGINT, or when `stopping` aborts. From then on, and after `forget`, a signal does
 * what it does without this: it ends the process at once.
 */
export function askedToStop(stopping: AbortSignal): { readonly promise: Promise<void>; forget(): void } {
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  const forget = () => {
    for (const signal of SIGNALS) process.off(signal, asked);
    stopping.removeEventListener("abort", asked);
  };
  const asked = () => {
    forget();
    resolve();
  };
  for (const signal of SIGNALS) process.on(signal, asked);
  stopping.addEventListener("abort", asked);
  if (stopping.aborted) asked();
  return { promise, forget };
}
