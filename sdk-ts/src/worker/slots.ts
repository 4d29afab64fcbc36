/** Room for a bounded number of tasks; whoever waits is served in order. */
export class Slots {
  readonly size: number;
  #taken = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(size: number) {
    this.size = size;
  }

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
        clearTimeout(timer);
        resolve(true);
      };
      const timer = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(granted), 1);
        resolve(false);
      }, waitMs).unref();
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
