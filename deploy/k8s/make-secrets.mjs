#!/usr/bin/env node
// Prints, as manifests for `kubectl apply -f -`, what the overlays refer to and no file of theirs may hold: the keys that
// processes sign with and whose are trusted, who may call, and the passwords at NATS. All of it is kept in a folder, made
// where it is missing, so that it says the same again:
//
//   node deploy/k8s/make-secrets.mjs ./secrets | kubectl apply -n agentspan -f -
//
// It takes the command `agentspan` of this clone, where `npm ci` was done, or on PATH. The API keys of a first requester and approver are in ./secrets/people.
import { execFileSync, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

const [, , folder] = process.argv;
if (folder === undefined || folder.startsWith("-")) {
  process.stderr.write("Usage: node deploy/k8s/make-secrets.mjs <folder>\n");
  process.exit(folder === "--help" ? 0 : 2);
}
const made = mkdirSync(folder, { recursive: true, mode: 0o700 });
// 1 says that git would take it into a commit; other codes that there is no work tree, or no git.
if (spawnSync("git", ["-C", folder, "check-ignore", "--quiet", "nats"]).status === 1) {
  if (made !== undefined) rmSync(made, { recursive: true });
  process.stderr.write(
    `${folder} is in a git work tree that does not ignore it, and would be committed with its secrets. Name a folder outside, or put it in .gitignore.\n`,
  );
  process.exit(1);
}
const maker = fileURLToPath(new URL("../compose/make-keys.mjs", import.meta.url));
const programs = fileURLToPath(new URL("../../node_modules/.bin", import.meta.url));
execFileSync(process.execPath, [maker, folder], {
  env: { ...process.env, PATH: [programs, process.env.PATH].join(delimiter) },
  stdio: ["ignore", "ignore", "inherit"],
});

const text = (name) => readFileSync(join(folder, name), "utf8");

/** It begins with a letter: NATS reads what it finds in its environment, and would take some for numbers. */
function password(name) {
  const path = join(folder, "nats", name);
  mkdirSync(join(folder, "nats"), { recursive: true, mode: 0o700 });
  if (!existsSync(path)) writeFileSync(path, `p${randomBytes(24).toString("hex")}`, { mode: 0o600 });
  return text(join("nats", name));
}

const labels = { "app.kubernetes.io/name": "agentspan" };
const secret = (name, stringData) => ({ apiVersion: "v1", kind: "Secret", metadata: { name, labels }, stringData });
const items = [
  secret("agentspan-orchestrator", { "signing-key.pem": text("orchestrator/signing-key.pem") }),
  secret("agentspan-gateway", {
    "signing-key.pem": text("gateway/signing-key.pem"),
    "api-keys.json": text("gateway/api-keys.json"),
  }),
  secret("agentspan-nats", {
    "services-password": password("services-password"),
    "workers-password": password("workers-password"),
    "routes-password": password("routes-password"),
  }),
  {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "agentspan-trusted-keys", labels },
    data: { "trusted-keys.json": text("trusted/trusted-keys.json") },
  },
];
process.stdout.write(`${JSON.stringify({ apiVersion: "v1", kind: "List", items }, undefined, 2)}\n`);
