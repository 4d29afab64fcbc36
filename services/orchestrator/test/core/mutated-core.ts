// The core with one replacement in its text: loaded as one module, or compiled in place of another core.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build, transform } from "esbuild";
import type { Core } from "./explored-run.js";
import type { Mutant } from "./mutants/mutant.js";

const TARGET = "es2023";
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

  /** As one module: with each file by itself, loading would take longer than most mutants live. */
  async load({ file, from, to }: Mutant): Promise<Core> {
    this.count += 1;
    const outfile = join(this.folder, `${this.count}.mjs`);
    await build({
      ...{ entryPoints: [fileURLToPath(new URL("index.ts", SOURCE))], outfile },
      ...{ bundle: true, packages: "external", format: "esm", platform: "node", target: TARGET },
      plugins: [
        {
          name: "mutant",
          setup: ({ onLoad }) => {
            onLoad({ filter: /\.ts$/ }, ({ path }) => {
              const text = this.texts.get(basename(path)) ?? "";
              return { contents: basename(path) === file ? text.replace(from, () => to) : text, loader: "ts" };
            });
          },
        },
      ],
    });
    return (await import(pathToFileURL(outfile).href)) as Core;
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
    return (await transform(text, { loader: "ts", sourcefile: name, target: TARGET, tsconfigRaw: {} })).code;
  }
}
