// The testing kit on another core: a copy of the SDK and of the orchestrator, with one replacement in the core's text.
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Mutant } from "../../../services/orchestrator/test/core/mutants/mutant.js";
import type { MutatedCores } from "../../../services/orchestrator/test/core/mutated-core.js";

export type Kits = typeof import("@agentspan/sdk/testing");

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const MODULES = join(ROOT, "node_modules");
/** What is copied; everything else is what this tree has. */
const COPIED = new Map([
  ["orchestrator", "services/orchestrator"],
  ["sdk", "sdk-ts"],
]);

export class MutatedKits {
  readonly #folder = mkdtempSync(join(tmpdir(), "mutated-kit-"));
  #count = 0;

  async load(mutant: Mutant, cores: MutatedCores): Promise<Kits> {
    this.#count += 1;
    const modules = join(this.#folder, String(this.#count), "node_modules");
    const ours = join(modules, "@agentspan");
    mkdirSync(ours, { recursive: true });
    for (const name of readdirSync(MODULES)) {
      if (name !== "@agentspan") symlinkSync(join(MODULES, name), join(modules, name));
    }
    for (const name of readdirSync(join(MODULES, "@agentspan"))) {
      const copied = COPIED.get(name);
      if (copied === undefined) symlinkSync(join(MODULES, "@agentspan", name), join(ours, name));
      else for (const part of ["package.json", "dist"]) copy(join(ROOT, copied, part), join(ours, name, part));
    }
    await cores.write(mutant, join(ours, "orchestrator/dist/core"));
    return (await import(pathToFileURL(join(ours, "sdk/dist/testing/index.js")).href)) as Kits;
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true });
  }
}

function copy(from: string, to: string): void {
  cpSync(from, to, { recursive: true, filter: (path) => !path.endsWith(".map") && !path.endsWith(".d.ts") });
}
