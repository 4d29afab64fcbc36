// Reads a log file as it grows, over the change to a new file whenever it is full and at each start.
import { closeSync, fstatSync, openSync, readSync, type Stats } from "node:fs";
import { StringDecoder } from "node:string_decoder";

const CHUNK_BYTES = 64 * 1024;

/** Not every file system keeps when a file was made. */
export function begunAt({ birthtimeMs, mtimeMs }: Pick<Stats, "birthtimeMs" | "mtimeMs">): number {
  return birthtimeMs === 0 ? mtimeMs : Math.min(birthtimeMs, mtimeMs);
}

/** Gives whole lines. A file that is not there yet has none. */
export class LogReader {
  readonly #path: string;
  #fd: number | undefined;
  #inode = 0n;
  #offset = 0;
  #decoder = new StringDecoder("utf8");
  #rest = "";

  constructor(path: string) {
    this.#path = path;
  }

  /** When the file was begun, milliseconds: the time of lines that tell none. 0 where there is no file. */
  get begunAt(): number {
    return this.#fd === undefined ? 0 : begunAt(fstatSync(this.#fd));
  }

  /** What was written since the last time. */
  read(): readonly string[] {
    const lines = this.#fd === undefined ? [] : this.#readOpen();
    if (!this.#openNew()) return lines;
    return [...lines, ...this.#readOpen()];
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  /** Whether another file has the name by now. The one before is read to its end by then, for it is held open. */
  #openNew(): boolean {
    let fd: number;
    try {
      fd = openSync(this.#path, "r");
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "ENOENT") return false;
      throw error;
    }
    const { ino } = fstatSync(fd, { bigint: true });
    if (this.#fd !== undefined && ino === this.#inode) {
      closeSync(fd);
      return false;
    }
    this.close();
    this.#fd = fd;
    this.#inode = ino;
    this.#offset = 0;
    this.#rest = "";
    this.#decoder = new StringDecoder("utf8");
    return true;
  }

  #readOpen(): readonly string[] {
    const lines: string[] = [];
    const chunk = Buffer.alloc(CHUNK_BYTES);
    for (;;) {
      const count = this.#fd === undefined ? 0 : readSync(this.#fd, chunk, 0, CHUNK_BYTES, this.#offset);
      if (count === 0) return lines;
      this.#offset += count;
      const parts = `${this.#rest}${this.#decoder.write(chunk.subarray(0, count))}`.split("\n");
      this.#rest = parts.pop() ?? "";
      for (const part of parts) lines.push(part);
    }
  }
}
