// A terminal that is taken over and given back: on another screen, without its own line editing. However this process
// ends, short of a kill that it cannot see, the terminal is as it was: leave() is also called as the process exits.
import { emitKeypressEvents, type Key } from "node:readline";
import type { ReadStream, WriteStream } from "node:tty";
import type { KeyPress } from "./key-press.js";

/** Another screen; no cursor; pasted text told apart from typed keys. */
const ENTER = "\u001b[?1049h\u001b[?25l\u001b[?2004h";
const LEAVE = "\u001b[?2004l\u001b[?25h\u001b[?1049l";
const INVERSE = "\u001b[7m";
const PLAIN = "\u001b[27m";
/** How long a lone Escape is waited on: the keys with a code begin with it. */
const ESCAPE_MS = 50;

export interface ScreenLine {
  readonly text: string;
  /** Shown the other way round. */
  readonly chosen?: boolean;
}

export interface ScreenSize {
  readonly columns: number;
  readonly rows: number;
}

export class TerminalScreen {
  readonly #input: ReadStream;
  readonly #out: WriteStream;
  readonly #onKey: (key: KeyPress) => void;
  readonly #onResize: () => void;
  readonly #keypress = (text: string | undefined, key: Key): void => this.#pressed(text ?? "", key);
  readonly #exit = (): void => this.leave();
  readonly #continued = (): void => this.#resume();
  #pasted: string | undefined;
  #entered = false;

  constructor(input: ReadStream, out: WriteStream, on: { key: (key: KeyPress) => void; resize: () => void }) {
    this.#input = input;
    this.#out = out;
    this.#onKey = on.key;
    this.#onResize = on.resize;
  }

  get size(): ScreenSize {
    // A terminal that does not know its size says 0.
    return { columns: this.#out.columns || 80, rows: this.#out.rows || 24 };
  }

  enter(): void {
    this.#entered = true;
    process.once("exit", this.#exit);
    // Before the words about it are written, which would be on the other screen.
    process.once("uncaughtExceptionMonitor", this.#exit);
    process.on("SIGCONT", this.#continued);
    // Of the Interface that its type wants it reads this alone.
    emitKeypressEvents(this.#input, { escapeCodeTimeout: ESCAPE_MS } as never);
    this.#input.setRawMode(true);
    this.#input.on("keypress", this.#keypress).resume();
    this.#out.on("resize", this.#onResize).write(ENTER);
  }

  /** Gives the terminal back; once is enough. */
  leave(): void {
    if (!this.#entered) return;
    this.#entered = false;
    process.off("exit", this.#exit);
    process.off("uncaughtExceptionMonitor", this.#exit);
    process.off("SIGCONT", this.#continued);
    this.#input.off("keypress", this.#keypress).pause();
    this.#out.off("resize", this.#onResize).write(LEAVE);
    // A terminal that is gone has no mode.
    if (!this.#input.destroyed) this.#input.setRawMode(false);
  }

  /** Over what is there, so that nothing flickers. Lines must fit. */
  draw(lines: readonly ScreenLine[]): void {
    if (!this.#entered) return;
    const drawn = lines.map(({ text, chosen }) => `${chosen === true ? `${INVERSE}${text}${PLAIN}` : text}\u001b[K`);
    this.#out.write(`\u001b[H${drawn.join("\r\n")}\u001b[J`);
  }

  /** Another program had the terminal meanwhile. */
  #resume(): void {
    this.#input.setRawMode(true);
    this.#out.write(ENTER);
    this.#onResize();
  }

  #pressed(text: string, { name = "", ctrl = false, meta = false, sequence = "" }: Key): void {
    if (name === "paste-start") this.#pasted = "";
    else if (name === "paste-end") {
      const pasted = this.#pasted ?? "";
      this.#pasted = undefined;
      this.#onKey({ name: "paste", text: pasted, ctrl: false, meta: false });
    } else if (this.#pasted !== undefined) this.#pasted += text || sequence;
    else this.#onKey({ name, text: isControl(text) ? "" : text, ctrl, meta });
  }
}

function isControl(text: string): boolean {
  return /^\p{Cc}/u.test(text);
}
