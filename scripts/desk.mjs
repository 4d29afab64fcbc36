#!/usr/bin/env node
// Builds the approval desk into services/desk/bundle: files whose names have a hash, the page that names them, and each
// of them compressed beside it, for the gateway to send. Does nothing where it is newer than all that it is made of.
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const desk = join(root, "services", "desk");
const out = join(desk, "bundle");
const PAGE = "index.html";
const COMPRESSED_FROM_BYTES = 1_024;

/** When a file was last written, milliseconds; 0 where it is not there. */
const writtenAt = (file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;

const filesUnder = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));

/** When that was last written which the desk is made of: its own files, packages beside it, and what npm installed. */
function madeFrom() {
  const own = [join(desk, "src"), join(desk, "public")].flatMap(filesUnder);
  const notes = ["proto", "internal"].map((name) => join(root, name, "dist", ".tsbuildinfo"));
  const settings = [join(desk, PAGE), join(desk, "vite.config.ts"), fileURLToPath(import.meta.url)];
  const installed = join(root, "node_modules", ".package-lock.json");
  return Math.max(...[...own, ...notes, ...settings, installed].map(writtenAt));
}

function put(name, contents) {
  const path = join(out, name);
  mkdirSync(dirname(path), { recursive: true });
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, contents);
  renameSync(draft, path);
  return name;
}

/** Puts a file there, and beside it what of it is smaller; gives the names of all of them. */
function putWithCompressed(name, contents) {
  const plain = Buffer.from(contents);
  const made = [put(name, plain)];
  if (plain.length < COMPRESSED_FROM_BYTES) return made;
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: plain.length };
  for (const [ending, smaller] of [
    ["br", brotliCompressSync(plain, { params })],
    ["gz", gzipSync(plain, { level: 9 })],
  ]) {
    if (smaller.length < plain.length) made.push(put(`${name}.${ending}`, smaller));
  }
  return made;
}

async function build() {
  const vite = await import("vite");
  const { output } = await vite.build({
    configFile: join(desk, "vite.config.ts"),
    logLevel: "warn",
    build: { write: false, copyPublicDir: false },
  });

  const files = [
    ...filesUnder(join(desk, "public")).map((path) => [relative(join(desk, "public"), path), readFileSync(path)]),
    ...output.map((file) => [file.fileName, file.type === "chunk" ? file.code : file.source]),
  ];
  // The page comes last: whoever starts a gateway meanwhile has all of the old or all of the new.
  const pageLast = files.toSorted(([a], [b]) => (a === PAGE) - (b === PAGE));
  const made = new Set(pageLast.flatMap(([name, contents]) => putWithCompressed(name, contents)));
  for (const path of filesUnder(out)) if (!made.has(relative(out, path))) rmSync(path, { force: true });
}

if (writtenAt(join(out, PAGE)) <= madeFrom()) await build();
