#!/usr/bin/env node
// Puts each of our programs into one file with all that it imports: into <package>/bundle, from what tsc made in dist.
// Most of a start is finding and reading some 500 small files; from one file a program starts in half the time. What is
// imported only when it is used stays in files of its own.
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

const PROGRAMS = {
  "services/orchestrator": ["main", "memory-main"],
  "services/gateway": ["main"],
  cli: ["main"],
  e2e: ["worker-process", "client-process"],
  "workers/conformance": ["driver", "broken-driver"],
  "workers/typescript": ["main"],
  prove: ["given-worker"],
};

// Packages in CommonJS are inside as they are, and ask for Node's own modules with require.
const REQUIRE = 'import { createRequire as requireOf } from "node:module"; const require = requireOf(import.meta.url);';

const entriesOf = (folder) => PROGRAMS[folder].map((name) => join(root, folder, "bundle", `${name}.js`));

/** When a file was last written, milliseconds; 0 where it is not there. */
const writtenAt = (file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;

/** When that was last written which bundles are made of: tsc and npm each leave a note. */
function madeFrom() {
  const { workspaces } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const dists = workspaces.map((folder) => join(root, folder, "dist")).filter((dist) => existsSync(dist));
  const notes = dists.flatMap((dist) =>
    readdirSync(dist, { recursive: true })
      .filter((name) => name.endsWith(".tsbuildinfo"))
      .map((name) => join(dist, name)),
  );
  return Math.max(
    ...[...notes, join(root, "node_modules", ".package-lock.json"), fileURLToPath(import.meta.url)].map(writtenAt),
  );
}

async function bundle(folder) {
  const { build } = await import("esbuild");
  const outdir = join(root, folder, "bundle");
  const { outputFiles } = await build({
    entryPoints: PROGRAMS[folder].map((name) => join(root, folder, "dist", `${name}.js`)),
    outdir,
    bundle: true,
    splitting: true,
    chunkNames: "parts/[name]-[hash]",
    platform: "node",
    format: "esm",
    target: "node20",
    banner: { js: REQUIRE },
    logLevel: "warning",
    write: false,
  });
  mkdirSync(join(outdir, "parts"), { recursive: true });
  // The parts come before the program that needs them; whoever starts it meanwhile has all of the old or all of the new.
  const partsFirst = outputFiles.toSorted(
    (a, b) => entriesOf(folder).includes(a.path) - entriesOf(folder).includes(b.path),
  );
  for (const { path, contents } of partsFirst) {
    const draft = `${path}.${process.pid}`;
    writeFileSync(draft, contents);
    renameSync(draft, path);
  }
  const made = new Set(outputFiles.map(({ path }) => relative(outdir, path)));
  for (const name of readdirSync(join(outdir, "parts"))) {
    if (!made.has(join("parts", name))) rmSync(join(outdir, "parts", name), { force: true });
  }
}

/** What only tests start is not compiled for somebody who just runs Agentspan: then there is nothing to bundle. */
const isCompiled = (folder) => existsSync(join(root, folder, "dist", `${PROGRAMS[folder][0]}.js`));

const since = madeFrom();
const stale = Object.keys(PROGRAMS)
  .filter(isCompiled)
  .filter((folder) => entriesOf(folder).some((file) => writtenAt(file) <= since));
await Promise.all(stale.map(bundle));
