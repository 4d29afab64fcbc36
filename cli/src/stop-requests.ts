// Being asked to stop: Ctrl-C, kill, a terminal that is closed.
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Counts the requests until it is closed; while it is open, none of them ends the process. */
export class StopRequests {
  readonly #first = new AbortController();
  readonly #second = new AbortController();
  #readsInput = false;
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

  /** As if a signal had come when the standard input ends: whoever started this process is gone, however it ended. */
  requestWhenInputEnds(): void {
    this.#readsInput = true;
    const ended = new AbortController();
    ended.signal.addEventListener("abort", () => this.request(), { once: true });
    // A file ends and a pipe is closed; a terminal that is gone fails.
    for (const event of ["end", "close", "error"]) process.stdin.once(event, () => ended.abort());
    process.stdin.resume();
  }

  close(): void {
    for (const signal of SIGNALS) process.off(signal, this.#onSignal);
    // What is still read keeps the process alive.
    if (this.#readsInput) process.stdin.destroy();
  }
}

/** Resolves when the signal aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
