#!/usr/bin/env node
// Compares the protos with those of the last release, by the newest tag v1.2.3 that this commit has behind it: what old
// clients and workers rely on must stay. Where there is none, it says so and is content. The unit tests compare with
// proto/baseline.binpb, which somebody commits at a release; this needs nobody to have thought of it.
//
//   node scripts/breaking.mjs
//
// It takes git and the tags: a clone of one commit has none.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const buf = join(dirname(fileURLToPath(import.meta.url)), "..", "node_modules", ".bin", "buf");
const TAGS = ["--tags", "--abbrev=0", "--match", "v[0-9]*.[0-9]*.[0-9]*"];

if (process.argv.length > 2) {
  const help = process.argv[2] === "--help";
  (help ? process.stdout : process.stderr).write("Usage: node scripts/breaking.mjs, in the root of a clone\n");
  process.exit(help ? 0 : 2);
}

function git(...args) {
  const { status, stdout, stderr, error } = spawnSync("git", args, { encoding: "utf8" });
  if (error !== undefined) throw error;
  return { ok: status === 0, said: (status === 0 ? stdout : stderr).trim() };
}

const shallow = git("rev-parse", "--is-shallow-repository");
if (!shallow.ok || !existsSync(".git")) {
  console.error(`This is not the root of a clone. ${shallow.said}`);
  process.exit(1);
}
// A tag itself is compared with the one before it.
const head = git("describe", ...TAGS, "--exact-match", "HEAD");
const last = git("describe", ...TAGS, head.ok ? "HEAD^" : "HEAD");
if (!last.ok) {
  if (shallow.said === "true") {
    console.error(
      "This clone does not have the history in which the last release is. Fetch it: git fetch --unshallow --tags",
    );
    process.exit(1);
  }
  console.log("Skipped: there is no release, a tag such as v1.2.3, before this commit. Nothing can break.");
  process.exit(0);
}
console.log(`Comparing the protos with those of ${last.said}.`);
const { status, error } = spawnSync(buf, ["breaking", "--against", `.git#tag=${last.said}`], { stdio: "inherit" });
if (error !== undefined) throw error;
if (status === 0) console.log("Nothing is broken.");
process.exit(status ?? 1);
