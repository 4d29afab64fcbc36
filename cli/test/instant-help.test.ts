// What is loaded before any command begins: help, the version and each press of Tab wait for all of it.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";

const { resolve } = createRequire(import.meta.url);
/** As the compiler writes those that are not left for later. */
const IMPORT = /^(?:import|export) (?:[^"]*? from )?"([^"]+)";$/gm;

/** The packages that a compiled file imports, and whatever it imports, before anything runs. */
function packagesOf(file: string, seen = new Set<string>()): readonly string[] {
  if (seen.has(file)) return [];
  seen.add(file);
  return [...readFileSync(file, "utf8").matchAll(IMPORT)].flatMap(([, name = ""]) => {
    if (name.startsWith("node:")) return [];
    if (name.startsWith(".")) return packagesOf(join(dirname(file), name), seen);
    return name.startsWith("@agentspan/") ? [name, ...packagesOf(resolve(name), seen)] : [name];
  });
}

it("help loads the parser of the command line, and none of the libraries that commands take", () => {
  const main = join(import.meta.dirname, "../dist/main.js");
  expect([...new Set(packagesOf(main))].sort()).toEqual([
    "@agentspan/internal/characters",
    "@agentspan/internal/duration",
    "@agentspan/prove/flags",
    "commander",
  ]);
});

it("a command at a server loads no driver of a database", () => {
  const packages = packagesOf(join(import.meta.dirname, "../dist/server-connection.js"));
  expect(packages).toContain("@agentspan/sdk");
  expect(packages).not.toContain("mongodb");
});
