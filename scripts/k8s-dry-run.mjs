#!/usr/bin/env node
// Has a real Kubernetes API server look at the manifests: it applies the custom resources' definitions, and then every
// overlay and worker as a server-side dry run with strict fields, and each pod template as a pod, which its admission holds
// to the restricted Pod Security Standard. Nothing is scheduled: there is no node.
//
//   node scripts/k8s-dry-run.mjs <kube-apiserver> <etcd>
//
// It takes kubectl and go on PATH. docs/measured/kubernetes.md says how both programs are built, and what came of it.
import { spawn, spawnSync } from "node:child_process";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { freePort } from "@agentspan/servers";
import { parseAllDocuments } from "yaml";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const NAMESPACE = "agentspan";
const BUILT = ["dev", "production", "production-demo"].map((name) => `overlays/${name}`);
const WORKERS = ["typescript", "python", "go", "java"].map((name) => `workers/${name}`);

const [, , apiServer, etcd] = process.argv;
if (apiServer === undefined || etcd === undefined || apiServer.startsWith("-")) {
  process.stderr.write("Usage: node scripts/k8s-dry-run.mjs <kube-apiserver> <etcd>\n");
  process.exit(apiServer === "--help" ? 0 : 2);
}

const folder = mkdtempSync(join(tmpdir(), "agentspan-k8s-"));
const children = [];
let failed = 0;

function start(program, words) {
  const child = spawn(program, words, { stdio: ["ignore", "ignore", "pipe"] });
  child.said = "";
  child.stderr.on("data", (text) => {
    child.said = (child.said + text).slice(-4_000);
  });
  children.push(child);
  return child;
}

async function started() {
  const [etcdPort, peerPort, port] = [await freePort(), await freePort(), await freePort()];
  const client = `http://127.0.0.1:${etcdPort}`;
  const peer = `http://127.0.0.1:${peerPort}`;
  start(etcd, [
    ...["--data-dir", join(folder, "etcd"), "--listen-client-urls", client, "--advertise-client-urls", client],
    ...["--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", `default=${peer}`],
  ]);
  const token = randomBytes(16).toString("hex");
  writeFileSync(join(folder, "tokens.csv"), `${token},admin,admin,system:masters\n`, { mode: 0o600 });
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const key = join(folder, "accounts.pem");
  writeFileSync(key, privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
  const server = start(apiServer, [
    ...["--etcd-servers", client, "--bind-address", "127.0.0.1", "--secure-port", String(port)],
    ...["--cert-dir", join(folder, "certificates"), "--service-cluster-ip-range", "10.0.0.0/24"],
    ...["--token-auth-file", join(folder, "tokens.csv"), "--authorization-mode", "RBAC"],
    ...["--service-account-issuer", "https://agentspan.invalid"],
    ...["--service-account-key-file", key, "--service-account-signing-key-file", key],
    // Else it is this, and not the standard, that refuses a privileged container.
    "--allow-privileged=true",
    // There is nobody here who makes the accounts that it wants to see.
    ...["--disable-admission-plugins", "ServiceAccount"],
  ]);
  const asked = ["--server", `https://127.0.0.1:${port}`, "--insecure-skip-tls-verify", "--token", token];
  const kubectl = (words, input) => {
    const { status, stdout, stderr } = spawnSync("kubectl", [...asked, ...words], { encoding: "utf8", input });
    return { ok: status === 0, lines: `${stdout}${stderr}`.trim().split("\n") };
  };
  for (let tries = 0; tries < 240; tries += 1) {
    if (server.exitCode !== null) throw new Error(`kube-apiserver ended: ${server.said}`);
    if (kubectl(["get", "--raw", "/readyz"]).ok) return kubectl;
    await delay(500);
  }
  throw new Error(`kube-apiserver is not ready: ${server.said}`);
}

function say(what, ok, lines = []) {
  if (!ok) failed += 1;
  process.stdout.write(`${ok ? "ok    " : "FAILED"} ${what}\n`);
  if (!ok) for (const line of lines) process.stdout.write(`         ${line}\n`);
}

function module(name, version) {
  const { stdout } = spawnSync("go", ["mod", "download", "-json", `${name}@${version}`], {
    cwd: join(root, "deploy/k8s/schemas"),
    encoding: "utf8",
  });
  return JSON.parse(stdout).Dir;
}

const versions = Object.fromEntries(
  JSON.parse(
    spawnSync("go", ["mod", "edit", "-json"], { cwd: join(root, "deploy/k8s/schemas"), encoding: "utf8" }).stdout,
  ).Require.map(({ Path, Version }) => [Path, Version]),
);

function definitions() {
  const of = (name, path) => {
    const dir = join(module(name, versions[name]), path);
    return readdirSync(dir)
      .filter((file) => /_(scaledobjects|gateways|httproutes|grpcroutes|gatewayclasses)\.yaml$/.test(file))
      .map((file) => join(dir, file));
  };
  return [
    ...of("github.com/kedacore/keda/v2", "config/crd/bases"),
    ...of("sigs.k8s.io/gateway-api", "config/crd/standard"),
  ];
}

const built = (path) =>
  spawnSync("kubectl", ["kustomize", join(root, "deploy/k8s", path)], { encoding: "utf8" }).stdout;
const objectsOf = (text) => parseAllDocuments(text).map((document) => document.toJS());
const APPLY = ["apply", "--server-side", "--dry-run=server", "--validate=strict", "-f", "-"];

function podsOf(objects) {
  return objects
    .filter(({ spec }) => spec?.template?.spec !== undefined)
    .map(({ kind, metadata, spec }) => ({
      title: `the pods of ${kind} ${metadata.name}`,
      pod: {
        apiVersion: "v1",
        kind: "Pod",
        metadata: { name: metadata.name, namespace: NAMESPACE, labels: spec.template.metadata.labels },
        spec: {
          ...spec.template.spec,
          volumes: [
            ...(spec.template.spec.volumes ?? []),
            ...(spec.volumeClaimTemplates ?? []).map((claim) => ({
              name: claim.metadata.name,
              persistentVolumeClaim: { claimName: claim.metadata.name },
            })),
          ],
        },
      },
    }));
}

try {
  const kubectl = await started();
  const { gitVersion: version } = JSON.parse(kubectl(["get", "--raw", "/version"]).lines.join("\n"));
  process.stdout.write(
    `kube-apiserver ${version}, KEDA ${versions["github.com/kedacore/keda/v2"]}, Gateway API ${versions["sigs.k8s.io/gateway-api"]}\n`,
  );
  for (const file of definitions()) {
    const { ok, lines } = kubectl(["apply", "--server-side", "-f", file]);
    say(`definition ${file.slice(file.lastIndexOf("/") + 1)}`, ok, lines);
  }
  kubectl(["wait", "--for", "condition=Established", "--timeout=60s", "crd", "--all"]);
  const [namespace] = objectsOf(built(BUILT[0])).filter(({ kind }) => kind === "Namespace");
  say("the namespace", kubectl(["apply", "--server-side", "-f", "-"], JSON.stringify(namespace)).ok);
  for (const path of [...BUILT, ...WORKERS]) {
    const text = built(path);
    const { ok, lines } = kubectl([...APPLY, "-n", NAMESPACE], text);
    const refused = lines.filter((line) => !line.endsWith("(server dry run)"));
    say(`${path}: ${lines.length - refused.length} objects`, ok && refused.length === 0, refused);
    for (const { title, pod } of podsOf(objectsOf(text))) {
      const answer = kubectl(APPLY, JSON.stringify(pod));
      say(`${path}: ${title} under "restricted"`, answer.ok, answer.lines);
    }
  }
  // That it would have said no.
  const [{ pod }] = podsOf(objectsOf(built(BUILT[1])));
  const [container] = pod.spec.containers;
  const refuses = (what, spoilt, words) => {
    const { ok, lines } = kubectl(APPLY, JSON.stringify(spoilt));
    say(`refuses ${what}`, !ok && lines.some((line) => line.includes(words)), lines);
  };
  const withContainer = (changes) => ({ ...pod, spec: { ...pod.spec, containers: [{ ...container, ...changes }] } });
  refuses("a privileged container", withContainer({ securityContext: { privileged: true } }), "violates PodSecurity");
  refuses("a misspelt field", withContainer({ prots: [] }), "prots");
} finally {
  for (const child of children.toReversed()) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
}
process.stdout.write(failed === 0 ? "Nothing was refused that should not be.\n" : `${failed} failed.\n`);
process.exitCode = failed === 0 ? 0 : 1;
