/** A signal for one use of a library, which ends with another signal or when the use is over. */
export interface LinkedSignal {
  readonly signal: AbortSignal;
  /** The use is over: what it still holds is released, and nothing is left at the other signal. */
  end(): void;
}

/** One for all: without it each abort makes an exception with a stack, which costs more than the rest of a call's signal. */
const OVER = new Error("The use of this signal is over.");

/**
 * Follows a caller's signal. Libraries add listeners to the signal of a call and leave them there, which a long-lived
 * one would gather; and some let go of a stream only when its signal aborts.
 */
export function linkedSignal(signal: AbortSignal | undefined): LinkedSignal {
  const controller = new AbortController();
  const abort = () => controller.abort(signal?.reason);
  if (signal?.aborted) abort();
  else signal?.addEventListener("abort", abort, { once: true });
  return {
    signal: controller.signal,
    end: () => {
      signal?.removeEventListener("abort", abort);
      controller.abort(OVER);
    },
  };
}
