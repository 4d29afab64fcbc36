import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";

/** The root of the repository. */
export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

interface ComposeService {
  readonly image: string;
  readonly environment?: Readonly<Record<string, string | null>>;
  readonly build?: { readonly dockerfile: string; readonly target?: string };
  readonly stop_grace_period?: string;
}

export interface ComposeFile {
  readonly services: Readonly<Record<string, ComposeService>>;
}

export function readCompose(): ComposeFile {
  return parse(readFileSync(`${ROOT}/deploy/compose/compose.yaml`, "utf8"), { merge: true }) as ComposeFile;
}

/** What compose sets of a service by itself. Throws where there is no such service. */
export function composeEnvironment(name: string): Readonly<Record<string, string>> {
  const service = readCompose().services[name];
  if (service === undefined) throw new Error(`There is no service ${name}`);
  const set = Object.entries(service.environment ?? {});
  return Object.fromEntries(set.flatMap(([key, value]) => (value === null ? [] : [[key, value]])));
}
