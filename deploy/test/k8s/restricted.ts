// The restricted Pod Security Standard of Kubernetes 1.34 (https://kubernetes.io/docs/concepts/security/pod-security-standards),
// control by control, baseline ones included; and what we ask beyond it. scripts/k8s-dry-run.mjs has the server's own
// admission say the same.
import type { Container, PodSpec, Probe } from "./manifests.js";

const VOLUMES = [
  "configMap",
  "csi",
  "downwardAPI",
  "emptyDir",
  "ephemeral",
  "persistentVolumeClaim",
  "projected",
  "secret",
];
const SYSCTLS = [
  "kernel.shm_rmid_forced",
  "net.ipv4.ip_local_port_range",
  "net.ipv4.ip_unprivileged_port_start",
  "net.ipv4.tcp_syncookies",
  "net.ipv4.ping_group_range",
  "net.ipv4.ip_local_reserved_ports",
  "net.ipv4.tcp_keepalive_time",
  "net.ipv4.tcp_fin_timeout",
  "net.ipv4.tcp_keepalive_intvl",
  "net.ipv4.tcp_keepalive_probes",
];
const SELINUX_TYPES = ["", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"];

interface Context {
  readonly allowPrivilegeEscalation?: boolean;
  readonly appArmorProfile?: { readonly type: string };
  readonly capabilities?: { readonly add?: readonly string[]; readonly drop?: readonly string[] };
  readonly privileged?: boolean;
  readonly procMount?: string;
  readonly readOnlyRootFilesystem?: boolean;
  readonly runAsNonRoot?: boolean;
  readonly runAsUser?: number;
  readonly seLinuxOptions?: { readonly type?: string; readonly user?: string; readonly role?: string };
  readonly seccompProfile?: { readonly type: string };
  readonly sysctls?: readonly { readonly name: string }[];
  readonly windowsOptions?: { readonly hostProcess?: boolean };
}

/** The controls that a pod violates. */
export function violations(pod: PodSpec): readonly string[] {
  const { securityContext = {} } = pod as { readonly securityContext?: Context };
  const containers = [...pod.containers, ...(pod.initContainers ?? []), ...(pod.ephemeralContainers ?? [])];
  return [
    ...(["hostNetwork", "hostPID", "hostIPC"] as const).filter((field) => pod[field] === true),
    ...(pod.volumes ?? []).flatMap(({ name, ...kinds }) =>
      Object.keys(kinds).flatMap((kind) => (VOLUMES.includes(kind) ? [] : [`volume ${name} of type ${kind}`])),
    ),
    ...(securityContext.sysctls ?? []).flatMap(({ name }) => (SYSCTLS.includes(name) ? [] : [`sysctl ${name}`])),
    ...shared(securityContext).map((fault) => `pod: ${fault}`),
    ...containers.flatMap((container) =>
      ofContainer(container, securityContext).map((fault) => `${container.name}: ${fault}`),
    ),
  ];
}

/** What may be said of a pod and of a container alike. */
function shared(context: Context): readonly string[] {
  const { appArmorProfile, seLinuxOptions: seLinux, seccompProfile, runAsUser, windowsOptions } = context;
  return [
    ...when(windowsOptions?.hostProcess === true, "hostProcess"),
    ...when(runAsUser === 0, "runAsUser 0"),
    ...when(appArmorProfile?.type === "Unconfined", "appArmorProfile Unconfined"),
    ...when(seccompProfile !== undefined && !isConfined(seccompProfile), "seccompProfile Unconfined"),
    ...when(seLinux !== undefined && !SELINUX_TYPES.includes(seLinux.type ?? ""), "seLinuxOptions.type"),
    ...when(Boolean(seLinux?.user ?? seLinux?.role), "seLinuxOptions.user or role"),
  ];
}

function ofContainer(container: Container, pod: Context): readonly string[] {
  const { securityContext: own = {} } = container as { readonly securityContext?: Context };
  const { add = [], drop = [] } = own.capabilities ?? {};
  return [
    ...shared(own),
    ...when(own.privileged === true, "privileged"),
    ...when(own.allowPrivilegeEscalation !== false, "allowPrivilegeEscalation is not false"),
    ...when(!drop.includes("ALL"), "capabilities.drop is not ALL"),
    ...add.filter((name) => name !== "NET_BIND_SERVICE").map((name) => `capability ${name}`),
    ...when((own.runAsNonRoot ?? pod.runAsNonRoot) !== true, "runAsNonRoot is not true"),
    ...when(!isConfined(own.seccompProfile ?? pod.seccompProfile), "seccompProfile is not RuntimeDefault or Localhost"),
    ...when((own.procMount ?? "Default") !== "Default", "procMount"),
    ...(container.ports ?? []).flatMap(({ hostPort }) => when(Boolean(hostPort), `hostPort ${hostPort}`)),
    ...hostsAsked(container),
  ];
}

/** Probes and hooks that ask a host by name, which may be any host. */
function hostsAsked(container: Container): readonly string[] {
  const { startupProbe, readinessProbe, livenessProbe, lifecycle = {} } = container;
  const asked = [startupProbe, readinessProbe, livenessProbe, ...Object.values(lifecycle)] as readonly (
    | Probe
    | undefined
  )[];
  return asked.flatMap((one) =>
    [one?.httpGet, one?.tcpSocket].flatMap((action) =>
      when(action !== undefined && "host" in action && action.host !== "", "a probe or hook names a host"),
    ),
  );
}

/** Beyond the standard. */
export function laxities(pod: PodSpec): readonly string[] {
  return [
    ...when(pod.automountServiceAccountToken !== false, "automountServiceAccountToken is not false"),
    ...when(pod.enableServiceLinks !== false, "enableServiceLinks is not false"),
    ...when((pod.serviceAccountName ?? "default") === "default", "the default ServiceAccount"),
    ...pod.containers.flatMap(({ name, image, resources, securityContext }) => [
      ...when(securityContext?.readOnlyRootFilesystem !== true, `${name}: readOnlyRootFilesystem is not true`),
      ...when(!/:[^/]+$/.test(image) || image.endsWith(":latest"), `${name}: the image ${image} has no version`),
      ...["cpu", "memory"].flatMap((of) =>
        when(resources?.requests?.[of] === undefined, `${name}: no request of ${of}`),
      ),
      ...when(resources?.limits?.memory === undefined, `${name}: no limit of memory`),
    ]),
  ];
}

const isConfined = (profile: Context["seccompProfile"]): boolean =>
  profile !== undefined && ["RuntimeDefault", "Localhost"].includes(profile.type);

const when = (isSo: boolean, fault: string): readonly string[] => (isSo ? [fault] : []);
