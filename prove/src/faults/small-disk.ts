// A disk small enough to be filled: a tmpfs of its own, where this machine lets us mount one.
import { execFile } from "node:child_process";
import { mkdtemp, open, rm, rmdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const SIZE = "384m";
const CHUNK = Buffer.alloc(1024 * 1024, 120);

export class SmallDisk {
  private constructor(readonly path: string) {}

  /** The reason, as a sentence, where none can be had. */
  static async mount(): Promise<SmallDisk | { readonly why: string }> {
    if (process.platform !== "linux") return { why: `A tmpfs is Linux's, and this is ${process.platform}.` };
    const path = await mkdtemp(join(tmpdir(), "agentspan-disk-"));
    try {
      await run("mount", ["-t", "tmpfs", "-o", `size=${SIZE},mode=700`, "tmpfs", path]);
      return new SmallDisk(path);
    } catch (error) {
      await rmdir(path);
      const said = error instanceof Error ? error.message.replaceAll("\n", " ").trim() : String(error);
      return { why: `Mounting a small tmpfs takes rights that this process does not have (${said.slice(0, 160)}).` };
    }
  }

  /** Takes all the room there is; resolves when there is none. */
  async fill(): Promise<void> {
    const file = await open(this.#filler, "w");
    try {
      for (;;) await file.write(CHUNK);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
    } finally {
      await file.close();
    }
  }

  /** Gives the room back. */
  free(): Promise<void> {
    return rm(this.#filler, { force: true });
  }

  async unmount(): Promise<void> {
    await run("umount", [this.path]);
    await rmdir(this.path);
  }

  get #filler(): string {
    return join(this.path, "filler");
  }
}
