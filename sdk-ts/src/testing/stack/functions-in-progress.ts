// The functions of whoever wrote the test, as long as they run: tools, turns of the model, and decisions of people. Time
// stands still for them.
import { realTime } from "./real-time.js";

interface Running {
  readonly name: string;
  /** On this machine's clock. */
  readonly since: number;
}

export class FunctionsInProgress {
  readonly #running = new Set<Running>();
  readonly #waiting = new Set<() => void>();
  #count = 0;

  /** Rises whenever one begins or ends. */
  get count(): number {
    return this.#count;
  }

  get any(): boolean {
    return this.#running.size > 0;
  }

  async run<T>(name: string, call: () => T | Promise<T>): Promise<T> {
    const running = { name, since: realTime.now() };
    this.#running.add(running);
    this.#count += 1;
    try {
      return await call();
    } finally {
      this.#running.delete(running);
      this.#count += 1;
      for (const resolve of this.#waiting) resolve();
    }
  }

  /** Waits until one ends. Resolves to the name of one that has run for so many milliseconds before that. */
  async oneEnds(patienceMs: number): Promise<string | undefined> {
    const [oldest] = this.#running;
    if (oldest === undefined) return undefined;
    const leftMs = oldest.since + patienceMs - realTime.now();
    if (leftMs <= 0) return oldest.name;
    await new Promise<void>((resolve) => {
      const end = () => {
        cancel();
        this.#waiting.delete(end);
        resolve();
      };
      const cancel = realTime.after(leftMs, end);
      this.#waiting.add(end);
    });
    return undefined;
  }
}
