#!/usr/bin/env node
// Generates code from the protos.
//   (no flag)      the contract in TypeScript, and in Go where that is installed (both are committed), and the third-party
//                  protos in TypeScript (never committed)
//   --vendor-only  only the third-party ones, where they are missing: every build needs them
//   --check        fails where the committed code is not what the protos give
import { execFileSync, spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const require = createRequire(import.meta.url);
const bin = join(root, "node_modules", ".bin");
const env = { ...process.env, PATH: `${bin}:${process.env.PATH}` };
const buf = (args) => execFileSync(join(bin, "buf"), args, { cwd: root, env, stdio: "inherit" });

const vendorOut = join(root, "internal", "src", "vendor-gen");

/** The contract in each language: the template, the folder that it names, and the program without which it cannot be made. */
const CONTRACTS = [
  { template: "buf.gen.yaml", folder: "proto/src/gen" },
  { template: "buf.gen.go.yaml", folder: "workers/go/gen", program: "go" },
];

/** Those that can be made here; of each other one it says so. */
function contracts() {
  return CONTRACTS.filter(({ program, folder }) => {
    const there = program === undefined || spawnSync(program, ["version"]).status === 0;
    if (!there) console.error(`${folder} is neither made nor checked: there is no ${program} on PATH.`);
    return there;
  });
}

function generateContract({ template, folder }, out = folder) {
  const text = readFileSync(join(root, template), "utf8").replaceAll(`out: ${folder}`, `out: ${out}`);
  buf(["generate", "--template", text]);
}

// google.rpc's error details, the health service and server reflection come from the packages that publish them.
function generateVendor() {
  const from = mkdtempSync(join(tmpdir(), "agentspan-protos-"));
  try {
    const google = dirname(require.resolve("google-proto-files/package.json"));
    const health = dirname(require.resolve("grpc-health-check/package.json"));
    const reflection = dirname(require.resolve("@grpc/reflection/package.json"));
    const files = [
      [join(google, "google/rpc/error_details.proto"), "google/rpc/error_details.proto"],
      [join(google, "google/rpc/status.proto"), "google/rpc/status.proto"],
      [join(health, "proto/health/v1/health.proto"), "grpc/health/v1/health.proto"],
      [join(reflection, "build/proto/grpc/reflection/v1/reflection.proto"), "grpc/reflection/v1/reflection.proto"],
      [
        join(reflection, "build/proto/grpc/reflection/v1alpha/reflection.proto"),
        "grpc/reflection/v1alpha/reflection.proto",
      ],
    ];
    for (const [source, target] of files) {
      mkdirSync(dirname(join(from, target)), { recursive: true });
      cpSync(source, join(from, target));
    }
    writeFileSync(join(from, "buf.yaml"), "version: v2\n");
    const template = `{"version":"v2","clean":true,"plugins":[{"local":"protoc-gen-es","out":"${vendorOut}","opt":["target=ts","import_extension=js"]}]}`;
    buf(["generate", from, "--template", template]);
  } finally {
    rmSync(from, { recursive: true, force: true });
  }
}

const filesUnder = (dir) =>
  readdirSync(dir, { recursive: true })
    .map(String)
    .filter((name) => statSync(join(dir, name)).isFile())
    .sort();

function check(contract) {
  const fresh = mkdtempSync(join(tmpdir(), "agentspan-gen-"));
  try {
    generateContract(contract, fresh);
    const text = (dir) => JSON.stringify(filesUnder(dir).map((name) => [name, readFileSync(join(dir, name), "utf8")]));
    if (text(fresh) === text(join(root, contract.folder))) return true;
    console.error(`${contract.folder} is not what the protos give. Run: npm run generate`);
    return false;
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

if (process.argv.includes("--check")) {
  if (!contracts().map(check).every(Boolean)) process.exit(1);
} else {
  const vendorOnly = process.argv.includes("--vendor-only");
  if (!vendorOnly) for (const contract of contracts()) generateContract(contract);
  // The newest of the files stands for all: a tree that was generated before it was added is generated again.
  if (!vendorOnly || !existsSync(join(vendorOut, "google/rpc/status_pb.ts"))) generateVendor();
}
