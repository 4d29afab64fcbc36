// Files that are there whole or not at all.
import { existsSync } from "node:fs";
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { CommandError } from "./command-error.js";
import { safeText } from "./safe-text.js";

/** What was kept once is evidence, or what tests compare with: none is replaced unasked. */
export function requireNew(path: string): void {
  if (existsSync(path)) throw new CommandError(`${safeText(path)} is there already. Name a new file.`);
}

/**
 * Writes lines under another name until all are there and the check has passed, so that nobody takes a part for the whole.
 * Rejects with what lines or check throw, and with CommandError where nothing can be written there; then nothing is left.
 * Resolves to how many there are.
 */
export async function writeWhole(
  path: string,
  lines: AsyncIterable<string>,
  check: (lines: number) => void = () => undefined,
): Promise<number> {
  const partial = `${path}.part`;
  let file: FileHandle;
  try {
    file = await open(partial, "w", 0o600);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CommandError(`${safeText(path)} cannot be written: ${safeText(why)}.`, 2);
  }
  let count = 0;
  try {
    for await (const line of lines) {
      await file.write(`${line}\n`);
      count += 1;
    }
    check(count);
    await file.sync();
    await file.close();
    await rename(partial, path);
    return count;
  } catch (error) {
    await file.close();
    await rm(partial, { force: true });
    throw error;
  }
}
