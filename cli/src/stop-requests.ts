// Being asked to stop: Ctrl-C, kill, a terminal that is closed.
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Counts the requests until it is closed; while it is open, none of them ends the process. */
export class StopRequests {
  readonly #first = new AbortController();
  readonly #second = new AbortController();
  readonly #onSignal = (): void => this.request();

  constructor() {
    for (const signal of SIGNALS) process.on(signal, this.#onSignal);
  }

  /** Aborts at the first request. */
  get first(): AbortSignal {
    return this.#first.signal;
  }

  /** Aborts at the second: stop at once. */
  get second(): AbortSignal {
    return this.#second.signal;
  }

  /** As if a signal had come: a prompt that reads keys sees Ctrl-C as one of them. */
  request(): void {
    if (this.#first.signal.aborted) this.#second.abort();
    else this.#first.abort();
  }

  close(): void {
    for (const signal of SIGNALS) process.off(signal, this.#onSignal);
  }
}

/** Resolves when the signal aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
