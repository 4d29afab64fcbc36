// The manifests, without a cluster: built by kustomize, held to the API's own schemas and to the restricted Pod Security
// Standard, and compared with what the code takes and serves. Each check also finds what is put wrong on purpose.
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { disagreements } from "../k8s/agreement.js";
import {
  build,
  type Manifest,
  missingKustomize,
  named,
  OVERLAYS,
  type PodSpec,
  spoilt,
  WORKERS,
  workloadsOf,
} from "../k8s/manifests.js";
import { connections } from "../k8s/network.js";
import { givenBy } from "../k8s/pod-files.js";
import { laxities, violations } from "../k8s/restricted.js";
import { missingGo, Schemas } from "../k8s/schemas.js";
import { ROOT, readCompose } from "../places.js";

const missing = missingKustomize() ?? missingGo();
if (missing !== undefined) process.stderr.write(`Skipped the checks of deploy/k8s: ${missing}.\n`);

const PAGE = readFileSync(join(ROOT, "docs/kubernetes.md"), "utf8");
const ALL = [...OVERLAYS, ...WORKERS];

describe.skipIf(missing !== undefined)("the manifests", () => {
  let folder: string;
  let schemas: Schemas;
  let secrets: readonly Manifest[];
  const built = new Map<string, readonly Manifest[]>();
  const at = (path: string): readonly Manifest[] => built.get(path) ?? [];
  /** Those of an overlay with the Secrets that its page says to make. */
  const given = (manifests: readonly Manifest[]) => givenBy([...secrets, ...manifests]);
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "agentspan-kubernetes-"));
    const made = execFileSync(process.execPath, [join(ROOT, "deploy/k8s/make-secrets.mjs"), join(folder, "secrets")], {
      encoding: "utf8",
      env: { PATH: `${dirname(process.execPath)}:/usr/bin:/bin`, HOME: folder },
    });
    const { items } = JSON.parse(made) as { readonly items: readonly Manifest[] };
    const uri = "mongodb+srv://agentspan:secret@cluster.example.com/?tls=true";
    const byHand = { apiVersion: "v1", kind: "Secret", metadata: { name: "agentspan-mongodb" }, stringData: { uri } };
    secrets = [...items, byHand];
    schemas = new Schemas();
    for (const path of ALL) built.set(path, build(path));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each(ALL)("of %s are what the API knows, to the field", (path) => {
    expect(at(path).length).toBeGreaterThan(1);
    expect(at(path).flatMap((one) => schemas.faultsOf(one))).toEqual([]);
  });

  it("of Secrets and ConfigMaps that make-secrets.mjs prints are so too", () => {
    expect(secrets.flatMap((one) => schemas.faultsOf(one))).toEqual([]);
  });

  it("of Secrets are made in no folder that git would commit", () => {
    const program = join(ROOT, "deploy/k8s/make-secrets.mjs");
    const tree = mkdtempSync(join(folder, "tree-"));
    execFileSync("git", ["init", "--quiet", tree]);
    const { status, stdout, stderr } = spawnSync(process.execPath, [program, join(tree, "new/secrets")], {
      encoding: "utf8",
    });
    expect([status, stdout]).toEqual([1, ""]);
    expect(stderr).toContain("is in a git work tree that does not ignore it");
    expect(existsSync(join(tree, "new"))).toBe(false);
    // The folder that the page names is ignored in a clone.
    cpSync(join(ROOT, ".gitignore"), join(tree, ".gitignore"));
    expect(spawnSync("git", ["-C", tree, "check-ignore", "--quiet", "secrets/nats"]).status).toBe(0);
  });

  it("of compose.yaml are what the Compose Specification knows, and what it does not is found", () => {
    const compose = readCompose();
    expect(schemas.composeFaults(compose)).toEqual([]);
    const { gateway } = compose.services;
    const misspelt = { ...compose, services: { ...compose.services, gateway: { ...gateway, enviroment: {} } } };
    expect(schemas.composeFaults(misspelt).join("\n")).toContain("enviroment");
  });

  it.each(ALL)("of %s make pods under the restricted standard, and stricter", (path) => {
    const workloads = workloadsOf(at(path));
    expect(workloads.length).toBeGreaterThan(0);
    for (const { title, pod } of workloads) {
      expect([title, ...violations(pod), ...laxities(pod)]).toEqual([title]);
    }
  });

  it.each(ALL)("of %s say what the code takes and serves", (path) => {
    expect(disagreements(at(path), given(at(path)))).toEqual([]);
  });

  it("give every account no rights and no token", () => {
    for (const path of ALL) {
      const accounts = at(path).filter(({ kind }) => kind === "ServiceAccount");
      expect(accounts.length).toBeGreaterThan(0);
      for (const account of accounts) expect(account).toMatchObject({ automountServiceAccountToken: false });
      expect(at(path).filter(({ kind }) => /Role/.test(kind))).toEqual([]);
    }
  });

  it("hold no Secret, but for the address of the trial's MongoDB", () => {
    for (const path of ALL) {
      const found = at(path).filter(({ kind }) => kind === "Secret");
      expect(found.map(({ metadata }) => metadata.name.replace(/-[a-z0-9]{10}$/, ""))).toEqual(
        path === "overlays/dev" ? ["agentspan-mongodb"] : [],
      );
    }
  });

  it.each(OVERLAYS)("of %s let those talk that the page lists, and nobody else", (path) => {
    const { allowed, faults } = connections(at(path));
    expect(faults).toEqual([]);
    const section = PAGE.split(/^## /m).find((text) => text.startsWith("Network")) ?? "";
    const rows = section.split("\n").filter((line) => line.startsWith("| "));
    const listed = rows.slice(2).flatMap((row) => {
      const [from = "", to = "", ports = "", overlays = ""] = row
        .split("|")
        .slice(1)
        .map((cell) => cell.trim().replaceAll("`", ""));
      const isHere = overlays === "" || path.startsWith(`overlays/${overlays}`);
      return isHere ? ports.split(", ").map((port) => `${from} → ${to} ${port}`) : [];
    });
    expect(allowed).toEqual([...new Set(listed)].toSorted());
  });

  describe("of the overlay that the page has one write", () => {
    const section = PAGE.slice(PAGE.indexOf("### Install"));
    const overlay = /```yaml\n(.*?)```/s.exec(section)?.[1] ?? "";
    const images = [...PAGE.matchAll(/docker buildx build .* -t (\S+)/g)].map(([, tag = ""]) => tag);
    /** As the page has it, with what an operator changes in it, beside the folders that it refers to. */
    const written = (change: (text: string) => string = (text) => text): readonly Manifest[] => {
      const below = mkdtempSync(join(folder, "k8s-"));
      for (const part of ["base", "nats", "workers", "overlays", "derived"]) {
        cpSync(join(ROOT, "deploy/k8s", part), join(below, part), { recursive: true });
      }
      const [path = ""] = /overlays\/[a-z]+(?=\/kustomization\.yaml`:)/.exec(section) ?? [];
      expect(section).toContain(`kubectl apply -k deploy/k8s/${path}\n`);
      mkdirSync(join(below, path));
      writeFileSync(join(below, path, "kustomization.yaml"), change(overlay));
      return build(path, below);
    };
    const imagesOf = (manifests: readonly Manifest[]) => [
      ...new Set(workloadsOf(manifests).flatMap(({ pod }) => pod.containers.map(({ image }) => image))),
    ];

    it("name no image but those it says to build, and NATS", () => {
      const manifests = written();
      expect(imagesOf(manifests).filter((image) => !image.startsWith("nats:"))).toEqual(images.toSorted());
      expect(manifests.flatMap((one) => schemas.faultsOf(one))).toEqual([]);
      expect(disagreements(manifests, given(manifests))).toEqual([]);
      expect(JSON.stringify(manifests)).not.toContain("example.com");
    });

    it("agree in another namespace, with a worker that is scaled", () => {
      const manifests = written((text) =>
        text.replace("namespace: agentspan", "namespace: acme-agents").replace("../production", "../production-demo"),
      );
      expect(new Set(manifests.map(({ metadata }) => metadata.namespace ?? metadata.name))).toContain("acme-agents");
      expect(JSON.stringify(manifests)).not.toContain(".agentspan.svc");
      expect(disagreements(manifests, given(manifests))).toEqual([]);
      const alone = written((text) =>
        text.replace("namespace: agentspan", "namespace: other").replace(/^trans.*/ms, ""),
      );
      expect(disagreements(alone, given(alone)).join("\n")).toContain(
        "the Gateway does not listen for agents.acme.test",
      );
    });

    it("take a worker beside it", () => {
      const manifests = written((text) => text.replace("../production\n", "../production\n  - ../../workers/python\n"));
      expect(disagreements(manifests, given(manifests))).toEqual([]);
    });
  });

  describe("put wrong", () => {
    const production = () => at("overlays/production-demo");
    const disagree = (manifests: readonly Manifest[]) => disagreements(manifests, given(manifests)).join("\n");
    const settings = (name: string): readonly [string, string] => [
      "ConfigMap",
      production().find((one) => one.kind === "ConfigMap" && one.metadata.name.startsWith(`agentspan-${name}-`))
        ?.metadata.name ?? "",
    ];

    it.each([
      ["a misspelt field", ["Deployment", "gateway"], '"ports":', '"prots":', "prots"],
      ["a text for a number", ["Deployment", "gateway"], '"containerPort":6767', '"containerPort":"6767"', "integer"],
      [
        "an unknown field of a definition",
        ["ScaledObject", "orchestrator"],
        '"pollingInterval"',
        '"pollInterval"',
        "pollInterval",
      ],
      ["an unknown field of a route", ["HTTPRoute", "agentspan"], '"backendRefs"', '"backends"', "backends"],
      ["a kind that is not there", ["PodDisruptionBudget", "gateway"], '"policy/v1"', '"policy/v1beta1"', "no schema"],
    ] as const)("in %s is no manifest", (_, place, before, after, words) => {
      const changed = named(
        spoilt(production(), place, (text) => text.replace(before, after)),
        place[0],
        place[1],
      );
      expect(schemas.faultsOf(changed).join("\n")).toContain(words);
    });

    it.each([
      ["a wrong port", ["Deployment", "gateway"], '"containerPort":6767', '"containerPort":6766', "port http is 6766"],
      ["a wrong probe", ["Deployment", "orchestrator"], '"/readyz"', '"/healthz"', "readinessProbe asks /healthz"],
      [
        "a path that is not served",
        ["Deployment", "gateway"],
        '"/startupz"',
        '"/started"',
        "startupProbe asks /started",
      ],
      ["too little time", ["Deployment", "gateway"], 'Seconds":40', 'Seconds":30', "terminationGracePeriodSeconds"],
      [
        "a key of a Secret",
        ["Deployment", "gateway"],
        '"key":"api-keys.json"',
        '"key":"keys.json"',
        "has no keys.json",
      ],
      [
        "a Secret's name",
        ["Deployment", "orchestrator"],
        '"agentspan-nats"',
        '"agentspan-bus"',
        "agentspan-bus has no",
      ],
      [
        "the order of variables",
        ["Deployment", "refund-worker"],
        '"name":"NATS_PASSWORD"',
        '"name":"PASSWORD"',
        "not set above",
      ],
      [
        "a target port",
        ["Service", "gateway"],
        '"targetPort":"grpc"',
        '"targetPort":"grpcs"',
        "no port is called grpcs",
      ],
      ["a route's port", ["GRPCRoute", "agentspan"], '"port":6768', '"port":6769', "no gateway:6769"],
      [
        "a consumer",
        ["ScaledObject", "refund-worker"],
        "task_2c8959a4",
        "task_2c8959a5",
        "no tool of the refund agent",
      ],
      [
        "the namespace of NATS",
        ["ScaledObject", "refund-worker"],
        "nats-headless.agentspan.svc",
        "nats-headless.other.svc",
        "asks NATS at nats-headless.other",
      ],
      [
        "a host in links",
        ["HTTPRoute", "agentspan"],
        "agents.example.com",
        "a.example.com",
        "the host is a.example.com",
      ],
      [
        "what is scaled",
        ["HorizontalPodAutoscaler", "gateway"],
        '"name":"gateway"}',
        '"name":"gateways"}',
        "no Deployment gateways",
      ],
    ] as const)("in %s does not agree", (_, place, before, after, words) => {
      expect(disagree(spoilt(production(), place, (text) => text.replace(before, after)))).toContain(words);
    });

    it.each([
      [
        "an unknown name",
        "orchestrator",
        '"AGENTSPAN_LOG_LEVEL"',
        '"AGENTSPAN_LOGLEVEL"',
        "AGENTSPAN_LOGLEVEL is read by nobody",
      ],
      [
        "a name of another process",
        "gateway",
        '"AGENTSPAN_LOG_LEVEL"',
        '"AGENTSPAN_SWEEP"',
        "AGENTSPAN_SWEEP is read by nobody",
      ],
      ["a wrong value", "orchestrator", '"25s"', '"25"', "AGENTSPAN_SHUTDOWN_GRACE"],
      ["a file that is not there", "gateway", "keys/api-keys", "keys/api_keys", "AGENTSPAN_API_KEYS_FILE"],
      ["no authentication", "gateway", '"AGENTSPAN_AUTH":"on"', '"AGENTSPAN_AUTH":"off"', "Authentication is off"],
    ] as const)("in a setting, %s, keeps the process from starting", (_, name, before, after, words) => {
      expect(disagree(spoilt(production(), settings(name), (text) => text.replace(before, after)))).toContain(words);
    });

    it("in a rule of the network is found at the other end", () => {
      const open = spoilt(production(), ["NetworkPolicy", "nats"], (text) => text.replace('"orchestrator"', '"desk"'));
      expect(connections(open).faults.join("\n")).toContain("orchestrator → nats 4222: one end only");
      const wide = spoilt(production(), ["NetworkPolicy", "orchestrator"], (text) =>
        text.replace('"169.254.0.0/16",', ""),
      );
      expect(connections(wide).faults.join("\n")).toContain("anybody of 0.0.0.0/0");
    });

    const good = (): PodSpec => structuredClone(workloadsOf(production())[0]?.pod) as PodSpec;
    const container = (change: object): PodSpec => {
      const pod = good();
      const [first] = pod.containers;
      return { ...pod, containers: [{ ...first, ...change }] } as unknown as PodSpec;
    };
    const secured = (change: object): PodSpec =>
      container({ securityContext: { ...good().containers[0]?.securityContext, ...change } });
    const pod = (change: object): PodSpec => ({ ...good(), ...change });
    const podSecured = (change: object): PodSpec => pod({ securityContext: { ...good().securityContext, ...change } });
    it.each([
      ["privileged", () => secured({ privileged: true })],
      ["allowPrivilegeEscalation", () => secured({ allowPrivilegeEscalation: undefined })],
      ["capabilities.drop", () => secured({ capabilities: { drop: ["NET_RAW"] } })],
      ["capability SYS_ADMIN", () => secured({ capabilities: { drop: ["ALL"], add: ["SYS_ADMIN"] } })],
      ["procMount", () => secured({ procMount: "Unmasked" })],
      ["seLinuxOptions.type", () => secured({ seLinuxOptions: { type: "spc_t" } })],
      ["seLinuxOptions.user", () => secured({ seLinuxOptions: { user: "root" } })],
      ["appArmorProfile", () => secured({ appArmorProfile: { type: "Unconfined" } })],
      ["seccompProfile", () => secured({ seccompProfile: { type: "Unconfined" } })],
      ["seccompProfile is not", () => podSecured({ seccompProfile: undefined })],
      ["runAsNonRoot", () => podSecured({ runAsNonRoot: false })],
      ["runAsUser 0", () => podSecured({ runAsUser: 0 })],
      ["hostProcess", () => podSecured({ windowsOptions: { hostProcess: true } })],
      ["sysctl kernel.msgmax", () => podSecured({ sysctls: [{ name: "kernel.msgmax", value: "1" }] })],
      ["hostNetwork", () => pod({ hostNetwork: true })],
      ["hostPID", () => pod({ hostPID: true })],
      ["hostIPC", () => pod({ hostIPC: true })],
      ["volume root of type hostPath", () => pod({ volumes: [{ name: "root", hostPath: { path: "/" } }] })],
      ["hostPort 80", () => container({ ports: [{ name: "http", containerPort: 80, hostPort: 80 }] })],
      ["names a host", () => container({ livenessProbe: { httpGet: { path: "/", port: "http", host: "10.0.0.1" } } })],
      ["runAsNonRoot", () => pod({ securityContext: {}, initContainers: [good().containers[0]] })],
    ])("in a pod, %s, is a violation", (control, spoil) => {
      expect(violations(good())).toEqual([]);
      expect(violations(spoil()).join("\n")).toContain(control);
    });
  });
});
