/** A point that somebody reaches and is held at until the test opens it. */
export class Gate {
  /** Resolves when it was reached for the first time. */
  readonly reached: Promise<void>;
  #reach: () => void = () => undefined;
  #open: () => void = () => undefined;
  readonly #opened: Promise<void>;

  constructor() {
    this.reached = new Promise((resolve) => {
      this.#reach = resolve;
    });
    this.#opened = new Promise((resolve) => {
      this.#open = resolve;
    });
  }

  /** Resolves when it is open. */
  arrive(): Promise<void> {
    this.#reach();
    return this.#opened;
  }

  open(): void {
    this.#open();
  }
}
