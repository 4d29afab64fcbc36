// An end to every command, whatever the driver makes of it.
//
// The driver (7.9) waits for "drain" where a socket takes no more bytes, and goes on waiting when that socket has been
// closed: by its own time-out, or because it was handed out in the moment between its end and the notice of it, as
// happens when a server dies under load. Neither its socket time-out nor its close handler ends that. The signal does,
// and it makes the driver throw the connection away; the race is for whatever heeds no signal.
import { MongoNetworkTimeoutError } from "mongodb";

type GiveUp = (afterMs: number) => void;

export class TimeLimit {
  readonly #ms: number;
  readonly #inProgress = new Set<GiveUp>();

  constructor(ms: number) {
    this.#ms = ms;
  }

  /** Rejects with MongoNetworkTimeoutError where the command has not ended in time: what became of it is unknown. */
  async of<T>(command: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const limit = new AbortController();
    let giveUp: GiveUp = () => undefined;
    const over = new Promise<never>((_, reject) => {
      giveUp = (afterMs) => {
        const error = new MongoNetworkTimeoutError(`No end of the command after ${afterMs} ms`);
        limit.abort(error);
        reject(error);
      };
    });
    const timer = setTimeout(() => giveUp(this.#ms), this.#ms);
    this.#inProgress.add(giveUp);
    try {
      return await Promise.race([command(limit.signal), over]);
    } finally {
      clearTimeout(timer);
      this.#inProgress.delete(giveUp);
    }
  }

  /**
   * Gives what is in progress now no more than so many milliseconds. For when connections were lost: a command that was
   * on one has its error at once, so that what is left is slow, or waits for a socket that is gone.
   */
  hurry(ms: number): void {
    const inProgress = [...this.#inProgress];
    setTimeout(() => {
      for (const giveUp of inProgress) if (this.#inProgress.has(giveUp)) giveUp(ms);
    }, ms).unref();
  }
}
