// Lines that a person types. The terminal's own line editing is left on: Ctrl-C is a signal, as everywhere else, nothing
// is drawn over, and it works on any terminal, however narrow.
import { createInterface, type Interface } from "node:readline";

type Waiter = (line: string | undefined) => void;

export class TerminalLines {
  readonly #reader: Interface;
  readonly #typed: string[] = [];
  #waiter: Waiter | undefined;
  #closed = false;

  constructor(
    input: NodeJS.ReadableStream,
    private readonly write: (text: string) => void,
  ) {
    this.#reader = createInterface({ input, terminal: false });
    this.#reader.on("line", (line) => {
      if (this.#waiter === undefined) this.#typed.push(line);
      else this.#answer(line);
    });
    this.#reader.on("close", () => {
      this.#closed = true;
      this.#answer(undefined);
    });
  }

  /** Drops what was typed before a question that nobody can have read. */
  forgetTyped(): void {
    this.#typed.length = 0;
  }

  /** The next line. Undefined at the end of the input (Ctrl-D), and where the signal aborts. */
  async ask(question: string, signal: AbortSignal): Promise<string | undefined> {
    this.write(question);
    const typed = this.#typed.shift();
    if (typed !== undefined || this.#closed || signal.aborted) return typed;
    const giveUp = (): void => this.#answer(undefined);
    signal.addEventListener("abort", giveUp, { once: true });
    try {
      return await new Promise<string | undefined>((resolve) => {
        this.#waiter = resolve;
      });
    } finally {
      signal.removeEventListener("abort", giveUp);
    }
  }

  close(): void {
    this.#reader.close();
  }

  #answer(line: string | undefined): void {
    const waiter = this.#waiter;
    this.#waiter = undefined;
    waiter?.(line);
  }
}
