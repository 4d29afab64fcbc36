// Manifests as kustomize builds them, and what of them the tests read.
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { ROOT } from "../places.js";

export interface EnvVar {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: {
    readonly secretKeyRef?: { readonly name: string; readonly key: string };
    readonly fieldRef?: { readonly fieldPath: string };
  };
}

interface Source {
  readonly name: string;
  readonly optional?: boolean;
}

export interface Probe {
  readonly httpGet?: { readonly path: string; readonly port: string | number };
  readonly tcpSocket?: { readonly port: string | number };
}

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly args?: readonly string[];
  readonly env?: readonly EnvVar[];
  readonly envFrom?: readonly { readonly configMapRef?: Source; readonly secretRef?: Source }[];
  readonly ports?: readonly { readonly name: string; readonly containerPort: number; readonly hostPort?: number }[];
  readonly startupProbe?: Probe;
  readonly readinessProbe?: Probe;
  readonly livenessProbe?: Probe;
  readonly lifecycle?: { readonly preStop?: { readonly sleep?: { readonly seconds: number } } };
  readonly resources?: {
    readonly requests?: Readonly<Record<string, string>>;
    readonly limits?: Readonly<Record<string, string>>;
  };
  readonly securityContext?: Readonly<Record<string, unknown>>;
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[];
}

interface Item {
  readonly key: string;
  readonly path: string;
}

export interface Volume extends Readonly<Record<string, unknown>> {
  readonly name: string;
  readonly secret?: { readonly secretName: string; readonly items?: readonly Item[] };
  readonly configMap?: { readonly name: string; readonly items?: readonly Item[] };
}

export interface PodSpec extends Readonly<Record<string, unknown>> {
  readonly containers: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly ephemeralContainers?: readonly Container[];
  readonly volumes?: readonly Volume[];
  readonly securityContext?: Readonly<Record<string, unknown>>;
  readonly terminationGracePeriodSeconds?: number;
}

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly data?: Readonly<Record<string, string>>;
  readonly stringData?: Readonly<Record<string, string>>;
  readonly spec?: Readonly<Record<string, unknown>>;
}

export interface Workload {
  readonly title: string;
  readonly manifest: Manifest;
  readonly labels: Readonly<Record<string, string>>;
  readonly pod: PodSpec;
}

/** What can be applied, below deploy/k8s. */
export const OVERLAYS = ["overlays/dev", "overlays/production", "overlays/production-demo"] as const;
export const WORKERS = ["workers/typescript", "workers/python", "workers/go", "workers/java"] as const;

/** The kustomize that kubectl has, or why there is none that can build these. */
export function missingKustomize(): string | undefined {
  try {
    const said = execFileSync("kubectl", ["version", "--client", "-o", "json"], { encoding: "utf8", stdio: "pipe" });
    const { kustomizeVersion = "none" } = JSON.parse(said) as { readonly kustomizeVersion?: string };
    return Number(/^v(\d+)/.exec(kustomizeVersion)?.[1] ?? 0) >= 5
      ? undefined
      : `kubectl on PATH has kustomize ${kustomizeVersion}, and 5 or newer is needed`;
  } catch {
    return "there is no kubectl on PATH";
  }
}

/** Of a folder below deploy/k8s, or below a copy of it. Throws where kustomize does. */
export function build(path: string, below = join(ROOT, "deploy/k8s")): readonly Manifest[] {
  const text = execFileSync("kubectl", ["kustomize", join(below, path)], {
    encoding: "utf8",
    stdio: "pipe",
  });
  return parseAllDocuments(text).map((document) => {
    const [fault] = document.errors;
    if (fault !== undefined) throw fault;
    return document.toJS() as Manifest;
  });
}

/** Whatever makes pods. */
export function workloadsOf(manifests: readonly Manifest[]): readonly Workload[] {
  return manifests.flatMap((manifest) => {
    const template = manifest.spec?.template as
      | { readonly metadata: { readonly labels: Readonly<Record<string, string>> }; readonly spec?: PodSpec }
      | undefined;
    if (template?.spec === undefined) return [];
    const title = `${manifest.kind} ${manifest.metadata.name}`;
    return [{ title, manifest, labels: template.metadata.labels, pod: template.spec }];
  });
}

/** Throws where there is none. */
export function named(manifests: readonly Manifest[], kind: string, name: string): Manifest {
  const found = manifests.find((one) => one.kind === kind && one.metadata.name === name);
  if (found === undefined) throw new Error(`There is no ${kind} ${name}`);
  return found;
}

/** The same manifests with one of them changed, for what must be found out. */
export function spoilt(
  manifests: readonly Manifest[],
  [kind, name]: readonly [kind: string, name: string],
  change: (text: string) => string,
): readonly Manifest[] {
  return manifests.map((one) => {
    if (one.kind !== kind || one.metadata.name !== name) return one;
    const before = JSON.stringify(one);
    const after = change(before);
    if (after === before) throw new Error(`Nothing of ${kind} ${name} was changed`);
    return JSON.parse(after) as Manifest;
  });
}
