// All of Agentspan on one machine: NATS and a MongoDB server, found or fetched, and both services, as children.
//
// Order: what answers is started before what asks, and stopped after it. A service that dies is started again. A server
// that dies ends the stack, since starting a database again without a person looking at it can only hide why it died.
import { join } from "node:path";
import { type AdminKey, adminKey, adminKeyPath } from "./admin-key.js";
import { ChildLogs, logFolderOf } from "./child-logs.js";
import { type Environment, type FreeBytes, isNearlyFull, isNewDataDir, prepareDataDir } from "./data-dir.js";
import { watchDisk } from "./disk-watch.js";
import { localKeys, workersNeedCredentials } from "./local-keys.js";
import { LocalServers, type ServerName } from "./local-servers.js";
import { LocalServices, type ServiceName } from "./local-services.js";
import { diskFull, isAboutFullDisk, LocalStackError } from "./local-stack-error.js";
import { renameToLog } from "./log-file.js";
import { portsOf, requirePorts } from "./ports.js";
import { endProcess, isRunning } from "./process-birth.js";
import { childrenToEnd, StackLock } from "./stack-lock.js";
import { WorkerLogins } from "./worker-logins.js";

export type ChildName = ServerName | ServiceName;

export interface LocalStackOptions {
  /** Made where it is missing; defaultDataDir says which one people expect. */
  readonly dataDir: string;
  /** gRPC, gRPC-Web, Connect and JSON; 6767 unless said, 0 for any free one. */
  readonly port?: number;
  /** gRPC alone; the port after `port` unless said, 0 for any free one. */
  readonly grpcPort?: number;
  /** NATS, for workers; unless said 4222 where that is free, else the one of the last start, else any free one. */
  readonly natsPort?: number;
  /**
   * Asks everybody who they are. Where the environment names no API keys, a key of an admin is made in the data folder.
   * As AGENTSPAN_AUTH says, unless said.
   */
  readonly auth?: boolean;
  /**
   * Lets in only workers that have credentials, at a NATS server of its own; see worker-logins.ts. It stays so for this data:
   * a start without it finds that it was.
   */
  readonly workerLogins?: boolean;
  /** process.env unless said. NATS_URL and MONGODB_URI name servers to use instead of own ones. */
  readonly env?: Environment;
  /** Where fetched servers are kept; the user's cache unless said. */
  readonly cacheDir?: string;
  /** One line for a person at each step that takes time, and when a service dies and is back. */
  readonly onProgress?: (line: string) => void;
  /** Each line of each child's log, as it is written to its file. */
  readonly onLine?: (child: ChildName, line: string) => void;
  /**
   * The file that this process writes to, where nobody sits before it: becomes `server.log` beside the children's once the
   * data is this stack's, and stays what it is where somebody else has the data.
   */
  readonly ownLog?: string;
  /** Noted for whoever looks at the stack. */
  readonly version?: string;
  /** Ends a start in progress. */
  readonly signal?: AbortSignal;
  /** For tests: what is free on the disk. */
  readonly freeBytes?: FreeBytes;
}

export interface LocalStack {
  /** Of the gateway: http://127.0.0.1:6767. */
  readonly url: string;
  /** Of the gateway's port for gRPC alone: grpc://127.0.0.1:6768. */
  readonly grpcUrl: string;
  /** For workers. */
  readonly natsUrl: string;
  readonly mongoUri: string;
  readonly dataDir: string;
  readonly logDir: string;
  /** Whether everybody is asked who they are. */
  readonly auth: boolean;
  /** The key that was made for whoever runs it with authentication; absent without, or where there are others. */
  readonly adminKey: AdminKey | undefined;
  /** Where the key is that an earlier start made, and that is not taken since the environment names keys. */
  readonly untakenKey: string | undefined;
  /** Whether only workers with credentials are let in. */
  readonly workerLogins: boolean;
  /** Resolves when everything is gone: with the reason where nobody asked for it. */
  readonly ended: Promise<LocalStackError | undefined>;
  /** Stops gateway, orchestrator and servers in this order, each with its grace. Runs wait in the data. */
  stop(): Promise<void>;
  /** Ends all of them at once. What was acknowledged is in the data. */
  kill(): Promise<void>;
  /** Of each child that runs now. */
  pids(): Readonly<Partial<Record<ChildName, number>>>;
}

/** In the order in which they start. */
export const CHILDREN: readonly ChildName[] = ["nats", "mongodb", "orchestrator", "gateway"];
/** A leftover stops by itself since its parent is gone; this is for one that hangs. */
const LEFTOVER_MS = 6_000;

/**
 * Starts everything and waits until it answers. Leaves nothing where it throws: LocalStackError, or what finding and
 * starting the servers throws (ServersError), or the signal's reason.
 */
export async function startLocalStack(options: LocalStackOptions): Promise<LocalStack> {
  // A refusal leaves no folder behind. Where there is data, a server on it may have the ports, or what was left of one.
  if (await isNewDataDir(options.dataDir)) await requirePorts(options);
  await prepareDataDir(options.dataDir, options.freeBytes);
  const lock = StackLock.take(options.dataDir);
  const stack = new Stack(options, lock);
  try {
    await stack.start();
    return stack;
  } catch (error) {
    await stack.stop();
    options.signal?.throwIfAborted();
    throw await explained(error, options);
  }
}

/** A full disk shows itself in many ways: servers that hang, services that are not ready. */
async function explained(error: unknown, { dataDir, freeBytes }: LocalStackOptions): Promise<unknown> {
  if (error instanceof LocalStackError && error.reason !== "SERVICE_FAILED") return error;
  return isAboutFullDisk(error) || (await isNearlyFull(dataDir, freeBytes)) ? diskFull(dataDir, error) : error;
}

class Stack implements LocalStack {
  readonly dataDir: string;
  readonly logDir: string;
  readonly ended: Promise<LocalStackError | undefined>;
  readonly #options: LocalStackOptions;
  readonly #onProgress: (line: string) => void;
  readonly #lock: StackLock;
  readonly #pids = new Map<ChildName, number>();
  /** Ends a start in progress: the caller's signal, or a server that is lost meanwhile. */
  readonly #startSignal: AbortSignal;
  readonly #giveUp = new AbortController();
  #started = false;
  #tellEnd: (reason: LocalStackError | undefined) => void = () => undefined;
  #logs: ChildLogs<ChildName> | undefined;
  #auth = false;
  #adminKey: AdminKey | undefined;
  #untakenKey: string | undefined;
  #workerLogins = false;
  #servers: LocalServers | undefined;
  #services: LocalServices | undefined;
  #stopWatchingDisk: () => void = () => undefined;
  #stopped: Promise<void> | undefined;
  #unwritten: unknown;

  constructor(options: LocalStackOptions, lock: StackLock) {
    this.#options = options;
    this.#onProgress = options.onProgress ?? (() => undefined);
    this.#lock = lock;
    this.#startSignal = AbortSignal.any([
      this.#giveUp.signal,
      ...(options.signal === undefined ? [] : [options.signal]),
    ]);
    this.dataDir = options.dataDir;
    this.logDir = logFolderOf(options.dataDir);
    this.ended = new Promise((resolve) => {
      this.#tellEnd = resolve;
    });
  }

  get url(): string {
    return this.#services?.url ?? "";
  }

  get grpcUrl(): string {
    return this.#services?.grpcUrl ?? "";
  }

  get natsUrl(): string {
    return this.#servers?.natsUrl ?? "";
  }

  get mongoUri(): string {
    return this.#servers?.mongoUri ?? "";
  }

  get auth(): boolean {
    return this.#auth;
  }

  get adminKey(): AdminKey | undefined {
    return this.#adminKey;
  }

  get untakenKey(): string | undefined {
    return this.#untakenKey;
  }

  get workerLogins(): boolean {
    return this.#workerLogins;
  }

  pids(): Readonly<Partial<Record<ChildName, number>>> {
    return Object.fromEntries(this.#pids);
  }

  async start(): Promise<void> {
    const { dataDir, natsPort, env = process.env, cacheDir, ownLog } = this.#options;
    // Before, it is another server's.
    if (ownLog !== undefined) renameToLog(ownLog, join(this.logDir, "server.log"));
    const { port, grpcPort } = portsOf(this.#options);
    const signal = this.#startSignal;
    await this.#endLeftovers();
    await requirePorts(this.#options);
    signal.throwIfAborted();
    const logs = new ChildLogs(this.logDir, CHILDREN, this.#onProgress);
    this.#logs = logs;
    const hooks = {
      env,
      signal,
      onProgress: this.#onProgress,
      onSpawn: (name: ChildName, pid: number) => this.#spawned(name, pid),
      onLine: (name: ChildName, line: string) => {
        logs.line(name, line);
        this.#options.onLine?.(name, line);
      },
      logPath: (name: ChildName) => logs.path(name),
    };
    this.#workerLogins = this.#letInByCredentials(env);
    this.#servers = await LocalServers.start({
      ...hooks,
      logins: this.#workerLogins ? new WorkerLogins(dataDir, this.#onProgress) : undefined,
      dataDir,
      cacheDir,
      natsPort,
      lastNatsPort: portOf(this.#lock.previous?.natsUrl),
      onLost: (error) => this.#serverLost(error),
    });
    const { mongoUri } = this;
    const natsUrl = this.#servers.natsUrlForServices;
    const { auth = isOn(env.AGENTSPAN_AUTH) } = this.#options;
    const named = [env.AGENTSPAN_API_KEYS, env.AGENTSPAN_API_KEYS_FILE].some((text) => (text ?? "").trim() !== "");
    this.#auth = auth;
    if (auth && named) this.#untakenKey = adminKeyPath(dataDir);
    if (auth && !named) this.#adminKey = await adminKey(dataDir);
    const apiKeys = this.#adminKey?.setting;
    const keys = localKeys(dataDir);
    this.#services = await LocalServices.start({ ...hooks, natsUrl, mongoUri, port, grpcPort, auth, apiKeys, keys });
    this.#servers.showPermits();
    if (this.#unwritten !== undefined) throw this.#unwritten;
    const { url, grpcUrl } = this;
    // Credentials of a server that is not ours are nobody's business.
    const { natsPort: ownNats, mongoPort } = this.#servers;
    this.#lock.note({
      ...{ url, grpcUrl },
      ...(ownNats === undefined ? {} : { natsUrl: this.natsUrl }),
      ...(mongoPort === undefined ? {} : { mongoPort }),
      ...(this.#options.version === undefined ? {} : { version: this.#options.version }),
    });
    signal.throwIfAborted();
    this.#started = true;
    this.#stopWatchingDisk = watchDisk({
      dataDir,
      freeBytes: this.#options.freeBytes,
      onNearlyFull: () =>
        this.#onProgress(
          `The disk that holds ${dataDir} is nearly full: free some space, or runs cannot be stored any more`,
        ),
    });
  }

  stop(): Promise<void> {
    return this.#end(undefined, () => this.#stopAll());
  }

  async kill(): Promise<void> {
    const killed = Promise.all([this.#services?.kill(), this.#servers?.kill()]).then(() => undefined);
    await this.#end(undefined, () => killed);
    await killed;
  }

  /** Throws NATS_NOT_OWN where it is wished for a server that is not started here. */
  #letInByCredentials(env: Environment): boolean {
    const { dataDir, workerLogins = false } = this.#options;
    if (workerLogins && (env.NATS_URL ?? "").trim() !== "") {
      throw new LocalStackError(
        "NATS_NOT_OWN",
        "NATS_URL names a server that is not started here, and whose logins are set there: unset it, or leave out --worker-logins and see docs/security.md, Logins at NATS.",
      );
    }
    return workersNeedCredentials(dataDir, workerLogins);
  }

  /** Whatever a command that was killed could not stop. It is going by itself, or is made to. */
  async #endLeftovers(): Promise<void> {
    const { previous } = this.#lock;
    if (previous === undefined || !previous.children.some(isRunning)) return;
    this.#onProgress("The last server on this data was killed: making sure that nothing of it is left");
    for (const children of childrenToEnd(previous)) {
      await Promise.all(children.map((child) => endProcess(child, LEFTOVER_MS)));
    }
  }

  #spawned(name: ChildName, pid: number): void {
    this.#pids.set(name, pid);
    try {
      this.#lock.noteChild(name, pid);
    } catch (error) {
      // A start fails for it; what is started again later ends by itself when this process does.
      this.#unwritten = error;
      this.#onProgress(`${name} could not be noted in ${this.dataDir}: ${String(error)}`);
    }
  }

  /** During a start it ends the start, which then cleans up. */
  #serverLost(error: LocalStackError): void {
    if (this.#started) void this.#end(error, () => this.#stopAll());
    else this.#giveUp.abort(error);
  }

  #end(reason: LocalStackError | undefined, stop: () => Promise<void>): Promise<void> {
    this.#stopped ??= (async () => {
      this.#stopWatchingDisk();
      try {
        await stop();
        this.#release();
      } finally {
        this.#logs?.close();
        this.#tellEnd(reason);
      }
    })();
    return this.#stopped;
  }

  async #stopAll(): Promise<void> {
    await this.#services?.stop();
    await this.#servers?.stop();
  }

  #release(): void {
    try {
      this.#lock.release();
    } catch (error) {
      // The disk is full. The next start finds this process dead, and nothing of it left.
      this.#onProgress(`The stop could not be noted in ${this.dataDir}: ${String(error)}`);
    }
  }
}

/** As the services read it. */
function isOn(text: string | undefined): boolean {
  return ["true", "1", "yes", "on"].includes(text?.trim().toLowerCase() ?? "");
}

function portOf(url: string | undefined): number | undefined {
  const port = Number(/:(\d+)$/.exec(url ?? "")?.[1]);
  return Number.isInteger(port) ? port : undefined;
}
