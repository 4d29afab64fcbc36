import type { Time } from "@agentspan/internal";

/** Room for a bounded number of tasks; whoever waits is served in order. */
export class Slots {
  #taken = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(
    readonly size: number,
    private readonly time: Pick<Time, "after">,
  ) {}

  get free(): number {
    return this.size - this.#taken;
  }

  /** Takes a slot at once where one is free and nobody waits, or within `waitMs`; false where none came free. */
  async take(waitMs: number): Promise<boolean> {
    if (this.#taken < this.size) {
      this.#taken++;
      return true;
    }
    return new Promise((resolve) => {
      const granted = () => {
        timer.cancel();
        resolve(true);
      };
      const giveUp = () => {
        this.#waiting.splice(this.#waiting.indexOf(granted), 1);
        resolve(false);
      };
      const timer = this.time.after(waitMs, giveUp).unref();
      this.#waiting.push(granted);
    });
  }

  /** Gives a slot back: to the first who waits, if anybody does. */
  give(): void {
    const next = this.#waiting.shift();
    if (next !== undefined) next();
    else this.#taken--;
  }
}
