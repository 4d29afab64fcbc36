// Whether manifests say what the code takes and serves: variables, files, ports, paths of probes, times to stop in, and
// what is scaled by. Each function gives what does not agree.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GATEWAY_VARIABLES } from "@agentspan/gateway";
import { ConfigError, consumerName, PRODUCT_VARIABLES, SERVICES_ACCOUNT, TASK_STREAM } from "@agentspan/internal";
import { ORCHESTRATOR_VARIABLES } from "@agentspan/orchestrator";
import { gatewayConfig } from "../../../services/gateway/src/config.js";
import { healthPages } from "../../../services/gateway/src/health-pages.js";
import { orchestratorConfig } from "../../../services/orchestrator/src/config.js";
import { Health } from "../../../services/orchestrator/src/health.js";
import { type Container, type Manifest, type Probe, type Workload, workloadsOf } from "./manifests.js";
import { environmentOf, type Given, mount } from "./pod-files.js";

interface Service {
  readonly variables: readonly string[];
  readonly pages: readonly string[];
  /** The ports that it opens, by the names that manifests give them, and its grace. Throws ConfigError. */
  readonly read: (env: Readonly<Record<string, string>>) => {
    readonly ports: Readonly<Record<string, number | undefined>>;
    readonly graceMs: number;
  };
}

const SERVICES: Readonly<Record<string, Service>> = {
  orchestrator: {
    variables: ORCHESTRATOR_VARIABLES,
    pages: Object.keys(new Health().pages),
    read: (env) => {
      const { managementPort: management, graceMs } = orchestratorConfig(env);
      return { ports: { management }, graceMs };
    },
  },
  gateway: {
    variables: GATEWAY_VARIABLES,
    pages: Object.keys(healthPages({ problem: async () => undefined })),
    read: (env) => {
      const { port: http, grpcPort: grpc, managementPort: management, graceMs } = gatewayConfig(env);
      return { ports: { http, grpc, management }, graceMs };
    },
  },
};
/** Of the SDKs' workers, which no variable sets. */
const WORKER_GRACE_MS = 25_000;
const WORKER_VARIABLES: readonly string[] = [...PRODUCT_VARIABLES, "NATS_PASSWORD", "REFUND_LEDGER"];
/** What it takes beside the grace: a signal to arrive, three seconds for the last spans, the last lines of a log. */
const MARGIN_MS = 4_000;

export function disagreements(manifests: readonly Manifest[], given: Given): readonly string[] {
  return [
    ...workloadsOf(manifests).flatMap((workload) => ofWorkload(workload, given)),
    ...servicePorts(manifests),
    ...routedPorts(manifests),
    ...routedHosts(manifests),
    ...scaling(manifests),
  ];
}

function ofWorkload({ title, labels, pod }: Workload, given: Given): readonly string[] {
  const component = labels["app.kubernetes.io/component"] ?? "";
  const folder = mkdtempSync(join(tmpdir(), "agentspan-pod-"));
  try {
    return pod.containers
      .flatMap((container) => {
        const { env, faults } = environmentOf(container, given, `${component}-0`);
        const { here, faults: missing } = mount(pod, container, given, folder);
        const inside = Object.fromEntries(Object.entries(env).map(([name, value]) => [name, here(value)]));
        const seconds = container.lifecycle?.preStop?.sleep?.seconds ?? 0;
        const leftMs = (pod.terminationGracePeriodSeconds ?? 30) * 1_000 - seconds * 1_000 - MARGIN_MS;
        const service = SERVICES[component];
        const own =
          service !== undefined
            ? ofService(service, container, inside, leftMs)
            : component === "worker"
              ? [...unknownIn(WORKER_VARIABLES, env), ...tooShort(leftMs, WORKER_GRACE_MS)]
              : [];
        return [...faults, ...missing, ...own, ...probes(container, service?.pages)];
      })
      .map((fault) => `${title}: ${fault}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function ofService(
  { variables, read }: Service,
  container: Container,
  env: Readonly<Record<string, string>>,
  leftMs: number,
): readonly string[] {
  const product = Object.fromEntries(Object.entries(env).filter(([name]) => name.startsWith("AGENTSPAN_")));
  const unknown = unknownIn(variables, product);
  try {
    const { ports, graceMs } = read(env);
    const declared = Object.fromEntries(
      (container.ports ?? []).map(({ name, containerPort }) => [name, containerPort]),
    );
    const wrong = [...new Set([...Object.keys(ports), ...Object.keys(declared)])].filter(
      (name) => ports[name] !== declared[name],
    );
    return [
      ...unknown,
      ...wrong.map((name) => `port ${name} is ${declared[name]}, and the process opens ${ports[name]}`),
      ...tooShort(leftMs, graceMs),
    ];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return [...unknown, ...error.faults];
  }
}

const unknownIn = (known: readonly string[], env: Readonly<Record<string, string>>): readonly string[] =>
  Object.keys(env).flatMap((name) => (known.includes(name) ? [] : [`${name} is read by nobody`]));

const tooShort = (leftMs: number, graceMs: number): readonly string[] =>
  leftMs >= graceMs ? [] : [`terminationGracePeriodSeconds leaves ${leftMs} ms for a grace of ${graceMs} ms`];

/** Of a service of ours each probe asks its own page; all probes ask a port that the container has. */
function probes(container: Container, pages: readonly string[] | undefined): readonly string[] {
  const { startupProbe, readinessProbe, livenessProbe, ports = [] } = container;
  const wanted: readonly (readonly [string, Probe | undefined, string])[] = [
    ["startupProbe", startupProbe, "/startupz"],
    ["readinessProbe", readinessProbe, "/readyz"],
    ["livenessProbe", livenessProbe, "/healthz"],
  ];
  return wanted.flatMap(([name, probe, path]) => {
    const asked = probe?.httpGet ?? probe?.tcpSocket;
    const portIsThere = asked === undefined || ports.some((one) => one.name === asked.port);
    const isRight =
      pages === undefined || (probe?.httpGet?.path === path && pages.includes(path) && asked?.port === "management");
    return [
      ...(portIsThere ? [] : [`${name} asks port ${asked.port}, which the container does not name`]),
      ...(isRight ? [] : [`${name} asks ${probe?.httpGet?.path} at ${asked?.port}, and not ${path} at management`]),
    ];
  });
}

type Labels = Readonly<Record<string, string>>;

function servicePorts(manifests: readonly Manifest[]): readonly string[] {
  return manifests.flatMap(({ kind, metadata, spec }) => {
    if (kind !== "Service") return [];
    const { selector, ports } = spec as {
      readonly selector: Labels;
      readonly ports: readonly { targetPort: string }[];
    };
    const behind = workloadsOf(manifests).filter(({ labels }) =>
      Object.entries(selector).every(([key, value]) => labels[key] === value),
    );
    if (behind.length === 0) return [`Service ${metadata.name}: nothing has its labels`];
    const there = behind.flatMap(({ pod }) =>
      pod.containers.flatMap((one) => one.ports?.map(({ name }) => name) ?? []),
    );
    return ports.flatMap(({ targetPort }) =>
      there.includes(targetPort) ? [] : [`Service ${metadata.name}: no port is called ${targetPort}`],
    );
  });
}

function routedPorts(manifests: readonly Manifest[]): readonly string[] {
  return manifests.flatMap(({ kind, metadata, spec }) => {
    if (!kind.endsWith("Route")) return [];
    const { rules } = spec as { rules: readonly { backendRefs: readonly { name: string; port: number }[] }[] };
    return rules.flatMap(({ backendRefs }) =>
      backendRefs.flatMap(({ name, port }) => {
        const service = manifests.find((one) => one.kind === "Service" && one.metadata.name === name);
        const { ports = [] } = (service?.spec ?? {}) as { readonly ports?: readonly { readonly port: number }[] };
        return ports.some((one) => one.port === port) ? [] : [`${kind} ${metadata.name}: there is no ${name}:${port}`];
      }),
    );
  });
}

/** Each host of a route is one that the Gateway listens for, and the one in links is the HTTPRoute's. */
function routedHosts(manifests: readonly Manifest[]): readonly string[] {
  const heard = manifests
    .filter(({ kind }) => kind === "Gateway")
    .flatMap(({ spec }) => (spec as { listeners: readonly { hostname: string }[] }).listeners)
    .map(({ hostname }) => hostname);
  const publicUrl = manifests.find(({ data }) => data?.AGENTSPAN_PUBLIC_URL !== undefined)?.data?.AGENTSPAN_PUBLIC_URL;
  return manifests.flatMap(({ kind, spec }) => {
    if (!kind.endsWith("Route")) return [];
    return (spec as { hostnames: readonly string[] }).hostnames.flatMap((host) => [
      ...(heard.includes(host) ? [] : [`${kind}: the Gateway does not listen for ${host}`]),
      ...(kind === "HTTPRoute" && publicUrl !== `https://${host}`
        ? [`AGENTSPAN_PUBLIC_URL is ${publicUrl}, and the host is ${host}`]
        : []),
    ]);
  });
}

const REFUND_TOOLS = ["get_order", "get_customer", "process_refund"].map((tool) =>
  consumerName("default", "refund_agent", tool),
);

function scaling(manifests: readonly Manifest[]): readonly string[] {
  return manifests.flatMap(({ kind, metadata, spec }) => {
    if (kind !== "ScaledObject" && kind !== "HorizontalPodAutoscaler") return [];
    const { scaleTargetRef, triggers = [] } = spec as {
      readonly scaleTargetRef: { readonly name: string };
      readonly triggers?: readonly { readonly type: string; readonly metadata: Labels }[];
    };
    const target = manifests.find((one) => one.kind === "Deployment" && one.metadata.name === scaleTargetRef.name);
    const queues = triggers.filter(({ type }) => type === "nats-jetstream").map((one) => one.metadata);
    const where = `${kind} ${metadata.name}`;
    return [
      ...(target === undefined ? [`${where}: there is no Deployment ${scaleTargetRef.name}`] : []),
      ...(target?.spec?.replicas === undefined ? [] : [`${where}: its Deployment says how many it has, too`]),
      ...queues.flatMap(({ account, stream, consumer = "", natsServerMonitoringEndpoint: asked }) => [
        ...(asked === `nats-headless.${metadata.namespace}.svc:8222` ? [] : [`${where}: asks NATS at ${asked}`]),
        ...(account === SERVICES_ACCOUNT && stream === TASK_STREAM ? [] : [`${where}: ${account} has no ${stream}`]),
        ...(REFUND_TOOLS.includes(consumer)
          ? []
          : [`${where}: no tool of the refund agent has the consumer ${consumer}`]),
      ]),
    ];
  });
}
