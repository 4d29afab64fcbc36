// An end to every command, whatever the driver makes of it.
//
// The driver (7.9) waits for "drain" where a socket takes no more bytes, and goes on waiting when that socket has been
// closed: by its own time-out, or because it was handed out in the moment between its end and the notice of it, as
// happens when a server dies under load. Neither its socket time-out nor its close handler ends that. The signal does,
// and it makes the driver throw the connection away; the race is for whatever heeds no signal.
import { MongoNetworkTimeoutError } from "mongodb";

export class TimeLimit {
  readonly #ms: number;

  constructor(ms: number) {
    this.#ms = ms;
  }

  /** Rejects with MongoNetworkTimeoutError where the command has not ended in time: what became of it is unknown. */
  async of<T>(command: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const limit = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    const over = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        const error = new MongoNetworkTimeoutError(`No end of the command within ${this.#ms} ms`);
        limit.abort(error);
        reject(error);
      }, this.#ms);
    });
    try {
      return await Promise.race([command(limit.signal), over]);
    } finally {
      clearTimeout(timer);
    }
  }
}
