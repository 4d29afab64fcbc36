// A copy of the orchestrator's program with pieces replaced, in a folder of its own.
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Replacement } from "./twins.js";

export interface BuiltTwin {
  /** The program. */
  readonly entry: string;
  remove(): Promise<void>;
}

/** Throws where a piece is not there exactly once: then the twin is to be brought up to date. */
export async function buildTwin(replacements: readonly Replacement[]): Promise<BuiltTwin> {
  const dist = dirname(createRequire(import.meta.url).resolve("@agentspan/orchestrator"));
  const folder = await mkdtemp(join(tmpdir(), "agentspan-twin-"));
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    await cp(dist, join(folder, "dist"), {
      recursive: true,
      filter: (from) => !/\.(map|d\.ts|tsbuildinfo)$/.test(from),
    });
    await writeFile(join(folder, "package.json"), '{"type":"module"}\n');
    await symlink(nodeModules(), join(folder, "node_modules"));
    for (const { file, from, to } of replacements) {
      const path = join(folder, "dist", file);
      const text = await readFile(path, "utf8");
      const times = text.split(from).length - 1;
      if (times !== 1) throw new Error(`${file} has ${JSON.stringify(from)} ${times} times, not once.`);
      // A function, since the replacement is no pattern.
      await writeFile(
        path,
        text.replace(from, () => to),
      );
    }
    return { entry: join(folder, "dist", "main.js"), remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** The workspace's, where every package finds what it imports. */
function nodeModules(): string {
  const own = fileURLToPath(import.meta.resolve("mongodb"));
  return own.slice(0, own.lastIndexOf("node_modules") + "node_modules".length);
}
