#!/usr/bin/env node
// Puts each of our programs into one file with all that it imports: into <package>/bundle, from what tsc made in dist.
// Most of a start is finding and reading some 500 small files; from one file a program starts in half the time. What is
// imported only when it is used is in the file too, and runs no sooner. Beside it lies what V8 compiled of it at a first
// start (scripts/code-cache.mjs), which saves each later one a fifth of its work; another V8 does without.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
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

/**
 * The parts of a bundle are a script, since Node 20 keeps nothing of what V8 compiled of a module. A script has no await of
 * its own: a program that is not imported by anybody becomes a function, after its imports, and so is begun and not awaited.
 */
const asScript = {
  name: "as-script",
  setup(build) {
    const programs = new Set(
      Object.keys(PROGRAMS).flatMap((folder) =>
        PROGRAMS[folder].map((name) => join(root, folder, "dist", `${name}.js`)),
      ),
    );
    build.onLoad({ filter: /\.js$/ }, ({ path }) => {
      if (!programs.has(path)) return undefined;
      const text = readFileSync(path, "utf8");
      if (/^export /m.test(text)) return undefined;
      const imports = text.match(/^import\b[^;(]*;$/gm) ?? [];
      const rest = text.replace(/^#!.*$/m, "").replace(/^import\b[^;(]*;$/gm, "");
      return { contents: `${imports.join("\n")}\n(async () => {\n${rest}\n})();\n`, resolveDir: dirname(path) };
    });
  },
};

async function bundle(folder) {
  await Promise.all(PROGRAMS[folder].map((name) => bundleOne(folder, name)));
}

async function bundleOne(folder, name) {
  const { build } = await import("esbuild");
  const outdir = join(root, folder, "bundle");
  const { outputFiles } = await build({
    entryPoints: [join(root, folder, "dist", `${name}.js`)],
    outfile: join(outdir, `${name}.cjs`),
    bundle: true,
    platform: "node",
    format: "cjs",
    target: "node20",
    define: { "import.meta.url": "meta.url", "import.meta.resolve": "meta.resolve" },
    plugins: [asScript],
    logLevel: "warning",
    write: false,
  });
  const [{ text }] = outputFiles;
  // Node does not know who imports where V8 compiled nothing anew: the module that runs the script imports for it. In
  // comments that changes a word here and there; a text has it in quotes of some kind, and is left alone.
  const body = text.replace(/^#!/, "//").replaceAll(/(?<=(?:await|return|=>|[=(,:?]) ?)import\(/g, "meta.import(");
  const script = `(function (module, exports, require, meta) {"use strict";${body}\n})`;
  // V8 tells what it compiled of one file from another's by their lengths alone: so the name has the content's digest.
  const part = `${name}-${createHash("sha256").update(script).digest("hex").slice(0, 12)}.cjs`;
  mkdirSync(join(outdir, "parts"), { recursive: true });
  // The part comes before the program that needs it; whoever starts it meanwhile has all of the old or all of the new.
  put(join(outdir, "parts", part), script);
  put(join(outdir, `${name}.js`), starter(part, /^[\0-\x7f]*$/.test(script) ? "latin1" : "utf8"));
  chmodSync(join(outdir, `${name}.js`), 0o755);
  await keepCode(join(outdir, `${name}.js`), join(outdir, "parts", part));
  for (const old of readdirSync(join(outdir, "parts"))) {
    // Others are made at the same time, of which each removes its own; drafts of whoever else builds have another end.
    const whose = /^(?:(.+)-[0-9a-f]{12}\.cjs(?:\.v8)?|.+\.js)$/.exec(old);
    const isOld = whose !== null && (whose[1] === undefined || whose[1] === name) && !old.startsWith(part);
    if (isOld) rmSync(join(outdir, "parts", old), { force: true });
  }
}

function put(path, contents) {
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, contents);
  renameSync(draft, path);
}

/** The program as it is started: a module, that runs the script as Node would run a CommonJS module. */
function starter(part, encoding) {
  return `#!/usr/bin/env node
// Made by scripts/bundle.mjs.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { Script } from "node:vm";

const filename = fileURLToPath(new URL("./parts/${part}", import.meta.url));
let cachedData;
try {
  cachedData = readFileSync(\`\${filename}.v8\`);
} catch {
  // It only starts more slowly.
}
const script = new Script(readFileSync(filename, "${encoding}"), { filename, cachedData });
const bundled = { exports: {} };
script.runInThisContext()(bundled, bundled.exports, createRequire(import.meta.url), {
  url: import.meta.url,
  resolve: (name) => import.meta.resolve(name),
  import: (name) => import(name),
});
// Whoever starts the command line calls it.
export const { main } = bundled.exports;
`;
}

/** Starts a program once, so far as it comes without settings and servers, and keeps what V8 has compiled by then. */
async function keepCode(program, part) {
  const child = spawn(process.execPath, [join(root, "scripts", "code-cache.mjs"), program, part], {
    stdio: "ignore",
    env: { PATH: process.env.PATH, HOME: process.env.HOME },
  });
  const [code] = await once(child, "close");
  if (code !== 0) process.stderr.write(`${relative(root, program)} will start more slowly: its code was not kept\n`);
}

/** What only tests start is not compiled for somebody who just runs Agentspan: then there is nothing to bundle. */
const isCompiled = (folder) => existsSync(join(root, folder, "dist", `${PROGRAMS[folder][0]}.js`));

const since = madeFrom();
const stale = Object.keys(PROGRAMS)
  .filter(isCompiled)
  .filter((folder) => entriesOf(folder).some((file) => writtenAt(file) <= since));
await Promise.all(stale.map(bundle));
