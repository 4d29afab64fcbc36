// What a container finds when it starts: its environment, as Kubernetes puts it together, and the files of its volumes.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Container, Manifest, PodSpec } from "./manifests.js";

type Texts = Readonly<Record<string, string>>;

/** Secrets and ConfigMaps by name. */
export interface Given {
  readonly secrets: ReadonlyMap<string, Texts>;
  readonly configMaps: ReadonlyMap<string, Texts>;
}

export function givenBy(manifests: readonly Manifest[]): Given {
  const of = (kind: string): ReadonlyMap<string, Texts> =>
    new Map(
      manifests
        .filter((one) => one.kind === kind)
        .map(({ metadata, data, stringData }) => [
          metadata.name,
          kind === "Secret" ? { ...decoded(data), ...stringData } : (data ?? {}),
        ]),
    );
  return { secrets: of("Secret"), configMaps: of("ConfigMap") };
}

export interface Found {
  readonly env: Texts;
  /** References to what is not there, and variables that come too late to be put into others. */
  readonly faults: readonly string[];
}

export function environmentOf({ name, env = [], envFrom = [] }: Container, given: Given, podName: string): Found {
  const faults: string[] = [];
  const values: Record<string, string> = {};
  for (const { configMapRef, secretRef } of envFrom) {
    const reference = configMapRef ?? secretRef;
    const found = reference && (configMapRef ? given.configMaps : given.secrets).get(reference.name);
    if (found !== undefined) Object.assign(values, found);
    else if (reference?.optional !== true)
      faults.push(`${name}: there is no ${reference?.name} to take variables from`);
  }
  for (const { name: variable, value, valueFrom } of env) {
    const { secretKeyRef, fieldRef } = valueFrom ?? {};
    if (fieldRef !== undefined) values[variable] = podName;
    else if (secretKeyRef !== undefined) {
      const text = given.secrets.get(secretKeyRef.name)?.[secretKeyRef.key];
      if (text === undefined) faults.push(`${name}: the Secret ${secretKeyRef.name} has no ${secretKeyRef.key}`);
      else values[variable] = text;
    } else {
      values[variable] = (value ?? "").replaceAll(/\$\(([A-Za-z_][A-Za-z0-9_]*)\)/g, (whole, used: string) => {
        const text = values[used];
        if (text === undefined) faults.push(`${name}: ${variable} uses ${used}, which is not set above it`);
        return text ?? whole;
      });
    }
  }
  return { env: values, faults };
}

/** Writes what the volumes hold below a folder. The answer puts that folder before the paths in a text. */
export function mount(
  pod: PodSpec,
  container: Container,
  given: Given,
  folder: string,
): { readonly here: (path: string) => string; readonly faults: readonly string[] } {
  const faults: string[] = [];
  const mounts = container.volumeMounts ?? [];
  for (const { name, mountPath } of mounts) {
    const volume = pod.volumes?.find((one) => one.name === name);
    mkdirSync(join(folder, mountPath), { recursive: true });
    const source = volume?.secret
      ? {
          from: volume.secret.secretName,
          texts: given.secrets.get(volume.secret.secretName),
          items: volume.secret.items,
        }
      : volume?.configMap
        ? {
            from: volume.configMap.name,
            texts: given.configMaps.get(volume.configMap.name),
            items: volume.configMap.items,
          }
        : undefined;
    if (source === undefined) continue;
    const items = source.items ?? Object.keys(source.texts ?? {}).map((key) => ({ key, path: key }));
    for (const { key, path } of items) {
      const text = source.texts?.[key];
      if (text === undefined) faults.push(`${container.name}: ${source.from} has no ${key}`);
      else writeFileSync(join(folder, mountPath, path), text);
    }
  }
  const here = (text: string): string =>
    mounts.some(({ mountPath }) => text.startsWith(`${mountPath}/`)) ? join(folder, text) : text;
  return { here, faults };
}

function decoded(data: Texts = {}): Texts {
  return Object.fromEntries(
    Object.entries(data).map(([key, text]) => [key, Buffer.from(text, "base64").toString("utf8")]),
  );
}
