// The core with one replacement in its text, compiled into a folder of its own and loaded from there.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { transformWithEsbuild } from "vite";
import type { Core } from "./explored-run.js";
import type { Mutant } from "./mutants.js";

const SOURCE = new URL("../../src/core/", import.meta.url);

export class MutatedCores {
  private readonly folder = mkdtempSync(join(tmpdir(), "mutated-core-"));
  private readonly texts = new Map(
    readdirSync(SOURCE)
      .filter((name) => name.endsWith(".ts"))
      .map((name) => [name, readFileSync(new URL(name, SOURCE), "utf8")]),
  );
  private readonly compiled = new Map<string, Promise<string>>();
  private count = 0;

  /** How often the text to be replaced stands in its file. */
  matches({ file, from }: Mutant): number {
    return (this.texts.get(file) ?? "").split(from).length - 1;
  }

  async load(mutant: Mutant): Promise<Core> {
    this.count += 1;
    const folder = mkdtempSync(join(this.folder, `${this.count}-`));
    writeFileSync(join(folder, "package.json"), '{"type":"module"}');
    await this.write(mutant, folder);
    return (await import(pathToFileURL(join(folder, "index.js")).href)) as Core;
  }

  /** Puts it into a folder, in place of the core that is compiled there. */
  async write({ file, from, to }: Mutant, folder: string): Promise<void> {
    for (const [name, text] of this.texts) {
      // A function, since the replacement is no pattern.
      const code =
        name === file
          ? this.compile(
              name,
              text.replace(from, () => to),
            )
          : this.unchanged(name, text);
      writeFileSync(join(folder, name.replace(/\.ts$/u, ".js")), await code);
    }
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }

  private unchanged(name: string, text: string): Promise<string> {
    const known = this.compiled.get(name) ?? this.compile(name, text);
    this.compiled.set(name, known);
    return known;
  }

  private async compile(name: string, text: string): Promise<string> {
    const options = { loader: "ts", target: "es2023", sourcemap: false, tsconfigRaw: {} } as const;
    return (await transformWithEsbuild(text, name, options)).code;
  }
}
