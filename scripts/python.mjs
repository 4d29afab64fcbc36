#!/usr/bin/env node
// Looks at the Python SDK, or generates its code from the protos, with the pinned tools: in environments of their own,
// which are made once.
//   generate   workers/python/src/agentspan/v1, which is committed
//   check      the committed code is what the protos give; format, lint (of other Python in the tree too) and types
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { pythonEnvironment, ServersError } from "@agentspan/servers";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const home = join(root, "workers", "python");
const generated = join(home, "src", "agentspan", "v1");
const isGenerated = (name) => /_pb2\.pyi?$/.test(name);

const environment = (name, purpose, programs) =>
  pythonEnvironment({
    requirements: join(home, "requirements", `${name}.txt`),
    purpose,
    programs,
    onProgress: (line) => process.stderr.write(`${line}\n`),
  });

function run(program, args) {
  const { status, error } = spawnSync(program, args, { cwd: home, stdio: "inherit" });
  if (error !== undefined) throw error;
  return status === 0;
}

/** Generates into a folder, which gets agentspan/v1. */
function generate(tools, out) {
  const protos = readdirSync(join(root, "proto", "agentspan", "v1"))
    .filter((name) => name.endsWith(".proto"))
    .map((name) => join("agentspan", "v1", name));
  const folders = [`-I${join(root, "proto")}`, `--python_out=${out}`, `--pyi_out=${out}`];
  if (!run(join(tools, "python"), ["-m", "grpc_tools.protoc", ...folders, ...protos])) process.exit(1);
}

const textOf = (folder) =>
  JSON.stringify(
    readdirSync(folder)
      .filter(isGenerated)
      .sort()
      .map((name) => [name, readFileSync(join(folder, name), "utf8")]),
  );

function check(tools, tests, fresh) {
  const settings = ["--config", "pyproject.toml"];
  const others = [join(root, "contract", "probes", "python"), join(root, "scripts", "protoc-gen-python.py")];
  const results = [
    textOf(join(fresh, "agentspan", "v1")) === textOf(generated) ||
      console.error(`${relative(root, generated)} is not what the protos give. Run: npm run generate`),
    run(join(tools, "ruff"), ["format", ...settings, "--check", ".", ...others]),
    run(join(tools, "ruff"), ["check", ...settings, ".", ...others]),
    run(join(tools, "mypy"), ["--python-executable", join(tests, "python")]),
  ];
  if (!results.every((result) => result === true)) process.exit(1);
}

try {
  const tools = await environment("tools", "looking at the Python SDK", ["ruff", "mypy"]);
  const fresh = mkdtempSync(join(tmpdir(), "agentspan-python-gen-"));
  try {
    generate(tools, fresh);
    if (process.argv[2] === "generate") {
      for (const name of readdirSync(generated).filter(isGenerated)) rmSync(join(generated, name));
      cpSync(join(fresh, "agentspan", "v1"), generated, { recursive: true });
    } else {
      check(tools, await environment("test", "the tests of the Python SDK", ["pytest"]), fresh);
    }
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
} catch (error) {
  if (!(error instanceof ServersError && error.reason === "NO_PYTHON")) throw error;
  console.error(`The Python SDK is not looked at: ${error.message}`);
}
