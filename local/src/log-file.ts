// What a child process says, in a file that does not grow without end.
import { closeSync, openSync, renameSync, writeSync } from "node:fs";
import { codeOf } from "./local-stack-error.js";

export interface LogFileOptions {
  readonly path: string;
  /** Bytes of this file; the one before it is kept as well. 8 MiB unless said. */
  readonly maxBytes?: number;
  /** Called once when lines begin to be lost, with why. */
  readonly onTrouble: (why: string) => void;
}

/** Begins a new file, and keeps the one before as `<path>.1`; does so again whenever it is full. */
export class LogFile {
  readonly #options: LogFileOptions;
  readonly #maxBytes: number;
  #fd: number | undefined;
  #bytes = 0;
  #troubled = false;

  constructor(options: LogFileOptions) {
    this.#options = options;
    this.#maxBytes = options.maxBytes ?? 8 * 1024 * 1024;
    this.#begin();
  }

  get path(): string {
    return this.#options.path;
  }

  /** Never throws: a log that cannot be written must not end what it tells of. */
  line(text: string): void {
    let fd = this.#fd;
    if (fd === undefined) return;
    const bytes = Buffer.from(`${text}\n`);
    try {
      if (this.#bytes > 0 && this.#bytes + bytes.length > this.#maxBytes) {
        closeSync(fd);
        this.#fd = undefined;
        fd = this.#begin();
      }
      writeSync(fd, bytes);
      this.#bytes += bytes.length;
    } catch (error) {
      if (!this.#troubled)
        this.#options.onTrouble(`${this.path} cannot be written (${codeOf(error) ?? String(error)})`);
      this.#troubled = true;
    }
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  #begin(): number {
    keepAsBefore(this.path);
    const fd = openSync(this.path, "w", 0o600);
    this.#fd = fd;
    this.#bytes = 0;
    return fd;
  }
}

/** Gives a file that is written already the name of a log, with the one before kept as a LogFile keeps it. */
export function renameToLog(written: string, path: string): void {
  keepAsBefore(path);
  renameSync(written, path);
}

function keepAsBefore(path: string): void {
  try {
    renameSync(path, `${path}.1`);
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
  }
}
