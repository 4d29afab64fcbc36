// Where a command writes. Results go to standard output, what went wrong to standard error.
import { ascii, isOtherCharset } from "./locale.js";
import { tableLines } from "./table.js";

/** What of a stream is needed here; process.stdout is one. */
export interface Sink {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

export class Output {
  readonly #out: Sink;
  readonly #err: Sink;

  constructor(
    out: Sink = process.stdout,
    err: Sink = process.stderr,
    env: Readonly<Record<string, string | undefined>> = process.env,
  ) {
    this.#out = readable(out, env);
    this.#err = readable(err, env);
  }

  /** Whether a person can be asked something here. */
  get interactive(): boolean {
    return this.#out.isTTY === true && process.stdin.isTTY === true;
  }

  /** Characters of a line; generous where nobody looks at a terminal. */
  get columns(): number {
    // A terminal that does not know its width says 0.
    return this.#out.isTTY === true ? this.#out.columns || 80 : 500;
  }

  /** Without a line break: a question. */
  text(text: string): void {
    this.#out.write(text);
  }

  line(text = ""): void {
    this.#out.write(`${text}\n`);
  }

  /** Rows with their columns under each other, each line indented by two. */
  table(rows: readonly (readonly string[])[], indent = "  "): void {
    for (const line of tableLines(rows)) this.line(`${indent}${line}`);
  }

  /** For programs: one value, on one line where it is one of many. */
  json(value: unknown, { pretty = true }: { readonly pretty?: boolean } = {}): void {
    this.line(JSON.stringify(value, undefined, pretty ? 2 : undefined));
  }

  failure(text: string): void {
    this.#err.write(`${text}\n`);
  }

  /** For what is said to a person while a program gets a value: says nothing, and failures as before. */
  muted(): Output {
    return new Output({ write: () => undefined }, this.#err);
  }
}

/** As a terminal shows it; a program gets what there is. */
function readable(sink: Sink, env: Readonly<Record<string, string | undefined>>): Sink {
  if (sink.isTTY !== true || !isOtherCharset(env)) return sink;
  return {
    write: (text) => sink.write(ascii(text)),
    isTTY: true,
    get columns() {
      return sink.columns ?? 0;
    },
  };
}

const reader = new AbortController();

/** Aborts when whoever read the standard output has gone. */
export const readerGone = reader.signal;

/** A pipe whose reader has gone (`agentspan runs list | head -1`), or a terminal that was closed, is no failure. */
export function tolerateClosedStreams(): void {
  for (const stream of [process.stdout, process.stderr]) {
    if (stream.listeners("error").includes(tolerate)) continue;
    stream.on("error", tolerate);
  }
}

function tolerate(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE" && error.code !== "EIO") throw error;
  reader.abort();
}
