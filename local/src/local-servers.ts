// NATS and the MongoDB server of a local stack: its own children, or those that NATS_URL and MONGODB_URI name.
import { existsSync } from "node:fs";
import { join } from "node:path";
import {
  type MongoKind,
  type ResolvedServers,
  type RunningMongo,
  type RunningNats,
  resolveServers,
  type ServerExit,
  ServersError,
  startMongo,
  startNats,
} from "@agentspan/servers";
import { serverEnvironment } from "./child-environment.js";
import type { Environment } from "./data-dir.js";
import { diskFull, isAboutFullDisk, LocalStackError } from "./local-stack-error.js";
import { portProblem, requirePort } from "./ports.js";
import type { WorkerLogins } from "./worker-logins.js";

export interface LocalServersOptions {
  readonly dataDir: string;
  readonly env: Environment;
  /** Where fetched servers are kept; the user's cache unless said. */
  readonly cacheDir: string | undefined;
  /** Exactly this one, 0 for any; unless said 4222, or the one of the last start, or any, whichever is free first. */
  readonly natsPort: number | undefined;
  readonly lastNatsPort: number | undefined;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: (line: string) => void;
  readonly onSpawn: (name: ServerName, pid: number) => void;
  readonly onLine: (name: ServerName, line: string) => void;
  readonly logPath: (name: ServerName) => string;
  /** Of a NATS server of its own: who may log in. Everybody may, unless said. */
  readonly logins: WorkerLogins | undefined;
  /** One of them ended without being asked, after both had answered. */
  readonly onLost: (error: LocalStackError) => void;
}

export type ServerName = "nats" | "mongodb";

/**
 * Definitions may have 1 MiB, and NATS counts the envelope too; its own default is 1 MiB. Left to itself it also lets
 * streams reserve no more than three quarters of what is free on the disk, and refuses the tasks' stream on a small one.
 */
export const NATS_CONFIG = "max_payload: 8MB\njetstream { max_file_store: 1GB }\n";
const DEFAULT_NATS_PORT = 4222;

export class LocalServers {
  readonly natsUrl: string;
  readonly mongoUri: string;
  readonly #nats: RunningNats | undefined;
  readonly #mongo: RunningMongo | undefined;
  readonly #logins: WorkerLogins | undefined;

  private constructor(
    found: ResolvedServers,
    started: { readonly nats: RunningNats | undefined; readonly mongo: RunningMongo | undefined },
    logins: WorkerLogins | undefined,
  ) {
    this.#logins = logins;
    this.#nats = started.nats;
    this.#mongo = started.mongo;
    this.natsUrl = started.nats?.url ?? ("url" in found.nats ? found.nats.url : "");
    this.mongoUri = started.mongo?.uri ?? ("uri" in found.mongo ? found.mongo.uri : "");
  }

  /** Finds or fetches both, and starts them at the same time. Leaves nothing where it throws. */
  static async start(options: LocalServersOptions): Promise<LocalServers> {
    const { env, cacheDir, signal, onProgress, dataDir } = options;
    const found = await resolveServers({ env, cacheDir, signal, onProgress });
    if (!("url" in found.nats)) await requirePort(options.natsPort ?? 0, "--nats-port");
    const state = { answering: false };
    const hooks = (name: ServerName, title: string) => ({
      env: serverEnvironment(env),
      signal,
      onSpawn: (pid: number) => options.onSpawn(name, pid),
      onLine: (line: string) => {
        options.onLine(name, line);
        const refused = name === "nats" && /Failed to reload server configuration: (.*)/.exec(line);
        if (refused)
          options.onProgress(`The NATS server does not take the logins of workers as they are now: ${refused[1]}`);
      },
      onExit: (exit: ServerExit) => {
        if (state.answering && !exit.expected) options.onLost(lost(title, exit, options.logPath(name), dataDir));
      },
    });
    const nats =
      "url" in found.nats ? undefined : startOwnNats(found.nats.binary, options, hooks("nats", "The NATS server"));
    const mongo =
      "uri" in found.mongo
        ? undefined
        : startMongo({
            ...found.mongo,
            dataDir: mongoFolder(dataDir, found.mongo.kind, onProgress),
            ...hooks("mongodb", "The MongoDB server"),
          });
    const both = await Promise.allSettled([nats, mongo]);
    const failed = both.find((one) => one.status === "rejected");
    if (failed !== undefined) {
      for (const one of both) if (one.status === "fulfilled") await one.value?.process.stop();
      signal?.throwIfAborted();
      throw isAboutFullDisk(failed.reason) ? diskFull(dataDir, failed.reason) : failed.reason;
    }
    state.answering = true;
    const started = { nats: await nats, mongo: await mongo };
    options.logins?.watch(async (config) => started.nats?.configure(natsConfig(config)));
    return new LocalServers(found, started, options.logins);
  }

  /** NATS as the services reach it: the address that workers are told, with the services' login where there are logins. */
  get natsUrlForServices(): string {
    return this.#nats === undefined ? this.natsUrl : (this.#logins?.forServices(this.natsUrl) ?? this.natsUrl);
  }

  /** Lets orchestrators, which must answer by now, know what workers may serve that have credentials. */
  showPermits(): void {
    this.#logins?.showPermits(this.natsUrl);
  }

  /** Of a NATS server that was started here. */
  get natsPort(): number | undefined {
    return this.#nats?.port;
  }

  /** Of a MongoDB server that was started here. */
  get mongoPort(): number | undefined {
    return this.#mongo?.port;
  }

  async stop(): Promise<void> {
    this.#logins?.stop();
    await Promise.all([this.#nats?.process.stop(), this.#mongo?.process.stop()]);
  }

  async kill(): Promise<void> {
    this.#logins?.stop();
    await Promise.all([this.#nats?.process.kill(), this.#mongo?.process.kill()]);
  }
}

async function startOwnNats(
  binary: string,
  { dataDir, natsPort, lastNatsPort, logins }: LocalServersOptions,
  hooks: object,
): Promise<RunningNats> {
  const options = { binary, storeDir: join(dataDir, "nats"), config: natsConfig(logins?.config()), ...hooks };
  if (natsPort !== undefined && natsPort !== 0) {
    return startNats({ ...options, port: natsPort });
  }
  const wished = natsPort === 0 ? [] : [DEFAULT_NATS_PORT, ...(lastNatsPort === undefined ? [] : [lastNatsPort])];
  for (const port of wished) {
    if ((await portProblem(port)) !== undefined) continue;
    try {
      return await startNats({ ...options, port });
    } catch (error) {
      // Somebody else was quicker; whatever else is wrong is so on any port.
      if (!(error instanceof ServersError) || (await portProblem(port)) === undefined) throw error;
    }
  }
  return startNats(options);
}

function natsConfig(logins = ""): string {
  return NATS_CONFIG + logins;
}

/** Each kind has its own; says so where only the other one's is there. */
function mongoFolder(dataDir: string, kind: MongoKind, onProgress: (line: string) => void): string {
  const folder = join(dataDir, kind);
  const [other, title] = kind === "mongod" ? ["secantusdb", "SecantusDB"] : ["mongod", "mongod"];
  if (!existsSync(folder) && existsSync(join(dataDir, other))) {
    onProgress(
      `Runs kept by ${title} in ${join(dataDir, other)} are not seen: this start uses ${kind}, which cannot read them`,
    );
  }
  return folder;
}

function lost(title: string, exit: ServerExit, logPath: string, dataDir: string): LocalStackError {
  const words = exit.lastLines.slice(-5);
  if (words.some(isAboutFullDisk)) return diskFull(dataDir);
  const how = exit.signal ?? `code ${exit.code}`;
  const said = words.length === 0 ? "" : ` Its last words:\n${words.map((line) => `  ${line}`).join("\n")}\n`;
  return new LocalStackError(
    "SERVER_LOST",
    `${title} ended unexpectedly (${how}), so everything was stopped.${said} Start again, with the options it had (agentspan server start --data ${dataDir}): runs go on where they were. Its log: ${logPath}`,
  );
}
