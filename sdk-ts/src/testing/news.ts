// Tells whoever waits for something that it may have come about.

export class News {
  readonly #listeners = new Set<() => void>();

  /** Something has happened. */
  tell(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  /** Calls back now, and each time that something has happened, until the returned function is called. */
  each(look: () => void): () => void {
    this.#listeners.add(look);
    look();
    return () => this.#listeners.delete(look);
  }

  /** Resolves when there is something to find. Rejects as `ended` does, or, where that resolves first, with `never`. */
  until<T>(find: () => T | undefined, ended: Promise<void>, never: () => Promise<Error>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      let over = false;
      const end = (settle: () => void) => {
        if (over) return;
        over = true;
        this.#listeners.delete(look);
        settle();
      };
      const look = () => {
        const found = find();
        if (found !== undefined) end(() => resolve(found));
      };
      this.each(look);
      ended.then(
        () => end(() => void never().then(reject, reject)),
        (error: unknown) => end(() => reject(error)),
      );
    });
  }
}
