#!/usr/bin/env node
// Carries out the build stages of the Dockerfiles without Docker: their very COPY and RUN lines, in a folder that has of this
// clone only what .dockerignore leaves, with the tools of this machine in place of those of the base images. Then it
// looks whether all is there that the images copy, and whether an SBOM names every package of its bundle.
//
//   node scripts/image-builds.mjs [Dockerfile...]
//
// All of deploy/docker unless said; it takes npm, Python, Go and Maven on PATH, and fetches what they need.
// docs/measured/images.md has what came of it.
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, matchesGlob } from "node:path";
import { fileURLToPath } from "node:url";
import { DockerfileParser } from "dockerfile-ast";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const docker = join(root, "deploy", "docker");
const given = process.argv.slice(2);
if (given.includes("--help")) {
  process.stdout.write("Usage: node scripts/image-builds.mjs [Dockerfile...]\n");
  process.exit(0);
}
const files = given.length > 0 ? given : readdirSync(docker).filter((name) => name.endsWith("Dockerfile"));
const folder = mkdtempSync(join(tmpdir(), "agentspan-image-builds-"));
let failed = 0;

function say(what, ok, detail = "") {
  if (!ok) failed += 1;
  process.stdout.write(`${ok ? "ok    " : "FAILED"} ${what}${detail && `: ${detail}`}\n`);
}

/** What Docker would be sent: what git knows here, without what .dockerignore keeps out. */
function contextIn(target) {
  const ignored = readFileSync(join(root, ".dockerignore"), "utf8")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .flatMap((line) => [line, `${line}/**`]);
  const known = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  }).split("\0");
  for (const name of known) {
    if (name === "" || !existsSync(join(root, name)) || ignored.some((pattern) => matchesGlob(name, pattern))) continue;
    mkdirSync(dirname(join(target, name)), { recursive: true });
    cpSync(join(root, name), join(target, name));
  }
}

const words = (instruction) => instruction.getArguments().map((one) => one.getValue());
const fromOf = (copy) =>
  copy
    .getFlags()
    .find((flag) => flag.getName() === "from")
    ?.getValue();

function stagesOf(path) {
  const stages = [];
  for (const instruction of DockerfileParser.parse(readFileSync(path, "utf8")).getInstructions()) {
    if (instruction.getKeyword() === "FROM") stages.push({ name: instruction.getBuildStage(), steps: [] });
    else stages.at(-1)?.steps.push(instruction);
  }
  return stages;
}

/** The folders that a build writes to, which are elsewhere here. */
const moved = (text, base) => text.replaceAll(/(?<![\w./-])\/(src|venv|worker)\b/g, `${base}/$1`);

function carryOut(stage, context, base) {
  let workdir = base;
  for (const step of stage.steps) {
    const keyword = step.getKeyword();
    if (keyword === "WORKDIR") {
      workdir = moved(words(step)[0], base);
      mkdirSync(workdir, { recursive: true });
    } else if (keyword === "COPY") {
      const [target, ...sources] = words(step).toReversed();
      for (const source of sources) {
        const from = join(context, source);
        const isFolder = statSync(from).isDirectory();
        const into = target.endsWith("/") && !isFolder ? join(target, basename(source)) : target;
        cpSync(from, join(workdir, into === "./" && !isFolder ? basename(source) : into), { recursive: true });
      }
    } else if (keyword === "RUN") {
      const command = step
        .getArgumentsContent()
        .replaceAll(/--mount=\S+\s+/g, "")
        .replaceAll(/\\\n/g, " ");
      const begun = performance.now();
      const { status, stderr, stdout } = spawnSync("sh", ["-euc", moved(command, base)], {
        cwd: workdir,
        encoding: "utf8",
        env: { PATH: process.env.PATH, HOME: process.env.HOME },
        maxBuffer: 64 * 1024 * 1024,
      });
      const seconds = Math.round((performance.now() - begun) / 1_000);
      say(`RUN ${command.replaceAll(/\s+/g, " ").slice(0, 90)}`, status === 0, `${seconds} s`);
      if (status !== 0) process.stdout.write(`${stdout.slice(-2_000)}${stderr.slice(-2_000)}\n`);
      if (status !== 0) return;
    }
  }
}

/** Packages whose code a bundle has, as its comments name the files. */
function bundledIn(path) {
  const names = readdirSync(path, { recursive: true })
    .filter((name) => /\.c?js$/.test(name))
    .flatMap((name) => [
      ...readFileSync(join(path, name), "utf8").matchAll(
        /^\s*\/\/ (?:\S*\/)?node_modules\/((?:@[^/\s]+\/)?[^/\s]+)\//gm,
      ),
    ]);
  return new Set(names.map(([, name]) => name));
}

function compareSbom(name, base, bundle) {
  const { components } = JSON.parse(readFileSync(join(base, "src/sbom", `${name}.cdx.json`), "utf8"));
  const listed = new Set(components.map((one) => (one.group ? `${one.group}/${one.name}` : one.name)));
  const bundled = bundledIn(join(base, "src", bundle));
  const missing = [...bundled].filter((one) => !listed.has(one));
  const counts = `${bundled.size} packages bundled, ${listed.size} listed`;
  say(`sbom of ${name}`, missing.length === 0 && bundled.size > 0, missing.length === 0 ? counts : missing.join(", "));
}

try {
  const context = join(folder, "context");
  contextIn(context);
  for (const name of files) {
    process.stdout.write(`${name}\n`);
    const stages = stagesOf(join(docker, name));
    const base = join(folder, name);
    for (const stage of stages.filter((one) => one.name === "build")) carryOut(stage, context, base);
    for (const step of stages.flatMap(({ steps }) => steps).filter((one) => one.getKeyword() === "COPY")) {
      if (fromOf(step) !== "build") continue;
      const missing = words(step)
        .slice(0, -1)
        .filter((source) => !existsSync(moved(source, base)));
      if (missing.length > 0) say(`COPY --from=build ${missing.join(" ")}`, false, "it is not there");
    }
    if (name !== "Dockerfile") continue;
    compareSbom("orchestrator", base, "services/orchestrator/bundle");
    compareSbom("gateway", base, "services/gateway/bundle");
    compareSbom("command", base, "cli/bundle");
    compareSbom("worker-typescript", base, "workers/typescript/bundle");
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.stdout.write(failed === 0 ? "All of it was built.\n" : `${failed} failed.\n`);
process.exitCode = failed === 0 ? 0 : 1;
