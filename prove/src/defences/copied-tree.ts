// A copy of the working tree in a folder of its own, whose sources can be changed, built and tested.
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Defence } from "./defence.js";

const run = promisify(execFile);
const SCOPE = "@agentspan";
/** Folders that .gitignore keeps out, where builds leave what they make. */
const BUILT: readonly string[] = ["dist", "bundle", "vendor-gen"];

/** The root of the repository that this program is built in. */
export const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

/** How a command ended, and what it wrote. */
export interface Ran {
  readonly ok: boolean;
  readonly output: string;
}

export class CopiedTree {
  private constructor(readonly folder: string) {}

  /** What is there; installed packages are linked to, our own among them to the copy. Built files are left out where said. */
  static async make({ built = true }: { readonly built?: boolean } = {}): Promise<CopiedTree> {
    const folder = await realpath(await mkdtemp(join(tmpdir(), "agentspan-copy-")));
    const skipped = new Set(["node_modules", ".git", ...(built ? [] : BUILT)]);
    await cp(ROOT, folder, {
      recursive: true,
      filter: (from) => !skipped.has(relative(ROOT, from).split("/").pop() ?? ""),
    });
    await linkPackages(join(ROOT, "node_modules"), join(folder, "node_modules"), folder);
    return new CopiedTree(folder);
  }

  /** Changes a source. Gives back what undoes it. Throws where the piece is not there exactly once. */
  async without({ file, from, to }: Defence): Promise<() => Promise<void>> {
    const path = join(this.folder, file);
    const text = await readFile(path, "utf8");
    requireOnce(file, text, from);
    await writeFile(
      path,
      text.replace(from, () => to),
    );
    return () => writeFile(path, text);
  }

  async build(): Promise<Ran> {
    const compiled = await this.node("node_modules/typescript/bin/tsc", "-b");
    return compiled.ok ? this.node("scripts/bundle.mjs") : compiled;
  }

  /** Runs a test file, or those tests of it whose title matches. */
  async test(file: string, title: string): Promise<Ran> {
    return this.node("node_modules/vitest/vitest.mjs", "run", file, ...(title === "" ? [] : ["-t", pattern(title)]));
  }

  remove(): Promise<void> {
    return rm(this.folder, { recursive: true, force: true });
  }

  /** Runs a script or a program of the copy. */
  async node(...args: readonly string[]): Promise<Ran> {
    try {
      const { stdout, stderr } = await run(process.execPath, args, { cwd: this.folder, maxBuffer: 64 * 1024 * 1024 });
      return { ok: true, output: stdout + stderr };
    } catch (error) {
      if (error instanceof Error && "stdout" in error && "stderr" in error) {
        return { ok: false, output: `${String(error.stdout)}${String(error.stderr)}` };
      }
      throw error;
    }
  }
}

/** Throws where a piece is not there exactly once: then the defence is to be brought up to date. */
export function requireOnce(file: string, text: string, piece: string): void {
  const times = text.split(piece).length - 1;
  if (times !== 1) throw new Error(`${file} has ${JSON.stringify(piece)} ${times} times, not once.`);
}

async function linkPackages(from: string, to: string, folder: string): Promise<void> {
  await mkdir(join(to, SCOPE), { recursive: true });
  for (const name of await readdir(from)) {
    if (name !== SCOPE) await symlink(join(from, name), join(to, name));
  }
  for (const name of await readdir(join(from, SCOPE))) {
    const own = relative(ROOT, await realpath(join(from, SCOPE, name)));
    await symlink(join(folder, own), join(to, SCOPE, name));
  }
}

function pattern(title: string): string {
  return title.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
