import type { Logger } from "@agentspan/internal";
import type { RefusedFor } from "./identity.js";

const QUIET_MS = 60_000;
const MOST_ADDRESSES = 5;

/**
 * Tells of refused credentials without a line for each: the first at once, and what comes within the next minute
 * together at its end. Whoever guesses keys fills no disk.
 */
export class FailureLog {
  readonly #log: Logger;
  readonly #quietMs: number;
  readonly #why = new Map<RefusedFor, number>();
  readonly #addresses = new Set<string>();
  #timer: NodeJS.Timeout | undefined;

  constructor(log: Logger, quietMs = QUIET_MS) {
    this.#log = log;
    this.#quietMs = quietMs;
  }

  note(why: RefusedFor, address: string): void {
    if (this.#timer === undefined) {
      this.#log.warn({ why, address }, "A call was refused: its credential is not good. More are counted for a minute");
      this.#timer = setTimeout(() => this.#sum(), this.#quietMs);
      this.#timer.unref();
      return;
    }
    this.#why.set(why, (this.#why.get(why) ?? 0) + 1);
    if (this.#addresses.size < MOST_ADDRESSES) this.#addresses.add(address);
  }

  #sum(): void {
    this.#timer = undefined;
    if (this.#why.size === 0) return;
    const fields = { why: Object.fromEntries(this.#why), addresses: [...this.#addresses] };
    this.#why.clear();
    this.#addresses.clear();
    this.#log.warn(fields, "Calls were refused: their credentials are not good");
    this.#timer = setTimeout(() => this.#sum(), this.#quietMs);
    this.#timer.unref();
  }
}
