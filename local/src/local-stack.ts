// All of Agentspan on one machine: NATS and a MongoDB server, found or fetched, and both services, as children.
//
// Order: what answers is started before what asks, and stopped after it. A service that dies is started again. A server
// that dies ends the stack, since starting a database again without a person looking at it can only hide why it died.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { gatewayEnvironment, orchestratorEnvironment } from "./child-environment.js";
import { type Environment, type FreeBytes, prepareDataDir } from "./data-dir.js";
import { LocalServers, type ServerName } from "./local-servers.js";
import { diskFull, isAboutFullDisk, LocalStackError } from "./local-stack-error.js";
import { LogFile } from "./log-file.js";
import { requirePort } from "./ports.js";
import { endProcess, isRunning } from "./process-birth.js";
import { ServiceProcess } from "./service-process.js";
import { childrenToEnd, StackLock } from "./stack-lock.js";

export type ChildName = ServerName | "orchestrator" | "gateway";

export interface LocalStackOptions {
  /** Made where it is missing; defaultDataDir says which one people expect. */
  readonly dataDir: string;
  /** gRPC, gRPC-Web, Connect and JSON; 6767 unless said, 0 for any free one. */
  readonly port?: number;
  /** gRPC alone; the port after `port` unless said, 0 for any free one. */
  readonly grpcPort?: number;
  /** NATS, for workers; unless said 4222 where that is free, else the one of the last start, else any free one. */
  readonly natsPort?: number;
  /** process.env unless said. NATS_URL and MONGODB_URI name servers to use instead of own ones. */
  readonly env?: Environment;
  /** Where fetched servers are kept; the user's cache unless said. */
  readonly cacheDir?: string;
  /** One line for a person at each step that takes time, and when a service dies and is back. */
  readonly onProgress?: (line: string) => void;
  /** Each line of each child's log, as it is written to its file. */
  readonly onLine?: (child: ChildName, line: string) => void;
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
  /** Resolves when everything is gone: with the reason where nobody asked for it. */
  readonly ended: Promise<LocalStackError | undefined>;
  /** Stops gateway, orchestrator and servers in this order, each with its grace. Runs wait in the data. */
  stop(): Promise<void>;
  /** Ends all of them at once. What was acknowledged is in the data. */
  kill(): Promise<void>;
  /** Of each child that runs now. */
  pids(): Readonly<Partial<Record<ChildName, number>>>;
}

const CHILDREN: readonly ChildName[] = ["nats", "mongodb", "orchestrator", "gateway"];
const DEFAULT_PORT = 6767;
/** Beyond the services' own grace, which ends them by itself. */
const GATEWAY_STOP_MS = 8_000;
const ORCHESTRATOR_STOP_MS = 15_000;
/** A leftover stops by itself since its parent is gone; this is for one that hangs. */
const LEFTOVER_MS = 6_000;

/**
 * Starts everything and waits until it answers. Leaves nothing where it throws: LocalStackError, or what finding and
 * starting the servers throws (ServersError), or the signal's reason.
 */
export async function startLocalStack(options: LocalStackOptions): Promise<LocalStack> {
  await prepareDataDir(options.dataDir, options.freeBytes);
  const lock = StackLock.take(options.dataDir);
  const stack = new Stack(options, lock);
  try {
    await stack.start();
    return stack;
  } catch (error) {
    await stack.stop();
    options.signal?.throwIfAborted();
    throw isAboutFullDisk(error) && !(error instanceof LocalStackError) ? diskFull(options.dataDir, error) : error;
  }
}

class Stack implements LocalStack {
  readonly dataDir: string;
  readonly logDir: string;
  readonly ended: Promise<LocalStackError | undefined>;
  readonly #options: LocalStackOptions;
  readonly #lock: StackLock;
  readonly #logs = new Map<ChildName, LogFile>();
  readonly #pids = new Map<ChildName, number>();
  #notEnded: (reason: LocalStackError | undefined) => void = () => undefined;
  #servers: LocalServers | undefined;
  #orchestrator: ServiceProcess | undefined;
  #gateway: ServiceProcess | undefined;
  #ports: { readonly port: number; readonly grpcPort: number };
  #stopped: Promise<void> | undefined;
  #unwritten: unknown;
  #started = false;
  readonly #giveUp = new AbortController();
  readonly #startSignal: AbortSignal;

  constructor(options: LocalStackOptions, lock: StackLock) {
    this.#options = options;
    this.#lock = lock;
    this.#startSignal = AbortSignal.any([
      this.#giveUp.signal,
      ...(options.signal === undefined ? [] : [options.signal]),
    ]);
    this.dataDir = options.dataDir;
    this.logDir = join(options.dataDir, "logs");
    this.ended = new Promise((resolve) => {
      this.#notEnded = resolve;
    });
    const { port = DEFAULT_PORT } = options;
    this.#ports = { port, grpcPort: options.grpcPort ?? (port === 0 ? 0 : port + 1) };
  }

  get url(): string {
    return `http://127.0.0.1:${this.#ports.port}`;
  }

  get grpcUrl(): string {
    return `grpc://127.0.0.1:${this.#ports.grpcPort}`;
  }

  get natsUrl(): string {
    return this.#servers?.natsUrl ?? "";
  }

  get mongoUri(): string {
    return this.#servers?.mongoUri ?? "";
  }

  pids(): Readonly<Partial<Record<ChildName, number>>> {
    return Object.fromEntries(this.#pids);
  }

  async start(): Promise<void> {
    const { dataDir, natsPort, env = process.env, cacheDir, onProgress = () => undefined } = this.#options;
    const signal = this.#startSignal;
    await this.#endLeftovers();
    await requirePort(this.#ports.port, "--port");
    await requirePort(this.#ports.grpcPort, "--grpc-port");
    signal.throwIfAborted();
    await mkdir(this.logDir, { recursive: true });
    for (const name of CHILDREN) this.#openLog(name);
    this.#servers = await LocalServers.start({
      dataDir,
      env,
      cacheDir,
      natsPort,
      lastNatsPort: portOf(this.#lock.previous?.natsUrl),
      signal,
      onProgress,
      onSpawn: (name, pid) => this.#spawned(name, pid),
      onLine: (name, line) => this.#line(name, line),
      logPath: (name) => this.#logPath(name),
      onLost: (error) => this.#serverLost(error),
    });
    this.#requireWritten();
    await this.#startServices(env);
    await answering(`${this.url}/readyz`, signal);
    this.#requireWritten();
    const { url, grpcUrl, natsUrl } = this;
    // Credentials of a server that is not ours are nobody's business.
    this.#lock.note({ url, grpcUrl, ...(this.#servers.natsPort === undefined ? {} : { natsUrl }) });
    signal.throwIfAborted();
    this.#started = true;
  }

  stop(): Promise<void> {
    return this.#end(undefined, () => this.#stopAll());
  }

  async kill(): Promise<void> {
    const killed = this.#killAll();
    await this.#end(undefined, () => killed);
    await killed;
  }

  async #startServices(env: Environment): Promise<void> {
    const { natsUrl, mongoUri } = this;
    const orchestrator = this.#service(
      "orchestrator",
      () => orchestratorEnvironment(env, { natsUrl, mongoUri }),
      ORCHESTRATOR_STOP_MS,
    );
    const gateway = this.#service(
      "gateway",
      () => gatewayEnvironment(env, { natsUrl, ...this.#ports }),
      GATEWAY_STOP_MS,
      (told) => {
        // A port that was left to the system must be the same after a restart.
        this.#ports = { ...this.#ports, ...portsIn(told) };
      },
    );
    await Promise.all([
      orchestrator.then((service) => {
        this.#orchestrator = service;
      }),
      gateway.then((service) => {
        this.#gateway = service;
      }),
    ]).catch(async (error: unknown) => {
      // The first to fail says why; the other one is not waited for.
      this.#giveUp.abort(error);
      await Promise.allSettled([orchestrator, gateway]);
      throw error;
    });
  }

  #service(
    name: "orchestrator" | "gateway",
    env: () => NodeJS.ProcessEnv,
    stopWithinMs: number,
    onReady: (message: object) => void = () => undefined,
  ): Promise<ServiceProcess> {
    const { onProgress = () => undefined } = this.#options;
    return ServiceProcess.start({
      title: `The ${name}`,
      script: fileURLToPath(import.meta.resolve(`@agentspan/${name}/main`)),
      env,
      stopWithinMs,
      onReady,
      onSpawn: (pid) => this.#spawned(name, pid),
      onLine: (line) => this.#line(name, line),
      onTrouble: onProgress,
      logPath: this.#logPath(name),
      signal: this.#startSignal,
    });
  }

  /** Whatever a command that was killed could not stop. It is going by itself, or is made to. */
  async #endLeftovers(): Promise<void> {
    const { previous } = this.#lock;
    if (previous === undefined || !previous.children.some(isRunning)) return;
    this.#options.onProgress?.("The last server on this data was killed: making sure that nothing of it is left");
    for (const children of childrenToEnd(previous)) {
      await Promise.all(children.map((child) => endProcess(child, LEFTOVER_MS)));
    }
  }

  #spawned(name: ChildName, pid: number): void {
    this.#pids.set(name, pid);
    try {
      this.#lock.noteChild(name, pid);
    } catch (error) {
      this.#unwritten = error;
      this.#options.onProgress?.(`${name} could not be noted in ${this.dataDir}: ${String(error)}`);
    }
  }

  #requireWritten(): void {
    if (this.#unwritten !== undefined) throw this.#unwritten;
  }

  #logPath(name: ChildName): string {
    return join(this.logDir, `${name}.log`);
  }

  #openLog(name: ChildName): void {
    const onTrouble = (why: string): void => this.#options.onProgress?.(`Lines of a log are lost: ${why}`);
    this.#logs.set(name, new LogFile({ path: this.#logPath(name), onTrouble }));
  }

  #line(name: ChildName, line: string): void {
    this.#logs.get(name)?.line(line);
    this.#options.onLine?.(name, line);
  }

  /** During a start it ends the start, which then cleans up. */
  #serverLost(error: LocalStackError): void {
    if (this.#started) void this.#end(error, () => this.#stopAll());
    else this.#giveUp.abort(error);
  }

  #end(reason: LocalStackError | undefined, stop: () => Promise<void>): Promise<void> {
    this.#stopped ??= (async () => {
      try {
        await stop();
        this.#release();
      } finally {
        for (const log of this.#logs.values()) log.close();
        this.#notEnded(reason);
      }
    })();
    return this.#stopped;
  }

  #release(): void {
    try {
      this.#lock.release();
    } catch (error) {
      // The disk is full. The next start finds this process dead, and nothing of it left.
      this.#options.onProgress?.(`The stop could not be noted in ${this.dataDir}: ${String(error)}`);
    }
  }

  async #stopAll(): Promise<void> {
    await this.#gateway?.stop();
    await this.#orchestrator?.stop();
    await this.#servers?.stop();
  }

  async #killAll(): Promise<void> {
    await Promise.all([this.#gateway?.kill(), this.#orchestrator?.kill(), this.#servers?.kill()]);
  }
}

function portOf(url: string | undefined): number | undefined {
  const port = Number(/:(\d+)$/.exec(url ?? "")?.[1]);
  return Number.isInteger(port) ? port : undefined;
}

function portsIn(message: object): { readonly port?: number; readonly grpcPort?: number } {
  const { port, grpcPort } = message as { readonly port?: unknown; readonly grpcPort?: unknown };
  return typeof port === "number" && typeof grpcPort === "number" ? { port, grpcPort } : {};
}

/** Waits until the gateway finds an orchestrator. */
async function answering(url: string, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + 15_000;
  for (;;) {
    signal.throwIfAborted();
    const status = await fetch(url, { signal: AbortSignal.timeout(3_000) }).then(
      (response) => response.status,
      () => 0,
    );
    if (status === 200) return;
    if (performance.now() > deadline) {
      throw new LocalStackError(
        "SERVICE_FAILED",
        "The gateway finds no orchestrator that answers. The folder logs/ in the data folder has what they say.",
      );
    }
    await delay(50, undefined, { signal });
  }
}
