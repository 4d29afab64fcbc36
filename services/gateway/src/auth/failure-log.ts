import type { Logger } from "@agentspan/internal";

const QUIET_MS = 60_000;
const MOST_ADDRESSES = 5;

export interface FailureWords {
  /** Of one. */
  readonly first: string;
  /** Of those that came within a minute. */
  readonly more: string;
}

/**
 * Tells of what was refused without a line for each: the first at once, and what comes within the next minute together
 * at its end. Whoever guesses keys fills no disk.
 */
export class FailureLog<Why extends string> {
  readonly #log: Logger;
  readonly #words: FailureWords;
  readonly #quietMs: number;
  readonly #why = new Map<Why, number>();
  readonly #addresses = new Set<string>();
  #timer: NodeJS.Timeout | undefined;

  constructor(log: Logger, words: FailureWords, quietMs = QUIET_MS) {
    this.#log = log;
    this.#words = words;
    this.#quietMs = quietMs;
  }

  note(why: Why, address: string): void {
    if (this.#timer === undefined) {
      this.#log.warn({ why, address }, `${this.#words.first}. More are counted for a minute`);
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
    this.#log.warn(fields, this.#words.more);
    this.#timer = setTimeout(() => this.#sum(), this.#quietMs);
    this.#timer.unref();
  }
}
