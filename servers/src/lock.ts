// A lock file that is touched while it is held, and taken over when nobody has touched it for a while.
import { randomBytes } from "node:crypto";
import { readFile, rm, stat, utimes, writeFile } from "node:fs/promises";

const TOUCH_MS = 1000;
const LOCK_LOST_MS = 15_000;

/** Whoever holds it must allow for losing it: a laptop that slept is taken for dead. */
export class Lock {
  readonly #file: string;
  readonly #id = randomBytes(8).toString("hex");
  #timer: NodeJS.Timeout | undefined;

  private constructor(file: string) {
    this.#file = file;
  }

  /** The lock, or undefined where somebody else holds it. */
  static async take(file: string): Promise<Lock | undefined> {
    const lock = new Lock(file);
    try {
      await writeFile(file, lock.#id, { flag: "wx" });
    } catch (error) {
      if (!isCode(error, "EEXIST")) throw error;
      const touched = (await stat(file).catch(() => undefined))?.mtimeMs;
      // Gone meanwhile, or held by nobody: the next round takes it.
      if (touched !== undefined && Date.now() - touched > LOCK_LOST_MS) await rm(file, { force: true });
      return undefined;
    }
    lock.#timer = setInterval(() => {
      const now = new Date();
      // Fails only where the lock was taken over, which isHeld tells.
      utimes(file, now, now).catch(() => undefined);
    }, TOUCH_MS).unref();
    return lock;
  }

  async isHeld(): Promise<boolean> {
    return (await readFile(this.#file, "utf8").catch(() => "")) === this.#id;
  }

  async release(): Promise<void> {
    clearInterval(this.#timer);
    if (await this.isHeld()) await rm(this.#file, { force: true });
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
