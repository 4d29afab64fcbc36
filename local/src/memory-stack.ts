// Agentspan for tests in any language: NATS, an orchestrator that keeps its runs in memory and whose date can be moved,
// and the gateway. It starts in about a second, and nothing of it stays.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type RunningNats, resolveNats, type ServerExit, startNats } from "@agentspan/servers";
import { answering } from "./answering.js";
import { gatewayEnvironment, orchestratorEnvironment, serverEnvironment } from "./child-environment.js";
import { ChildLogs } from "./child-logs.js";
import type { Environment } from "./data-dir.js";
import { NATS_CONFIG } from "./local-servers.js";
import type { ServiceName } from "./local-services.js";
import { LocalStackError } from "./local-stack-error.js";
import { type PortOptions, portsOf, requirePorts } from "./ports.js";
import { ServiceProcess } from "./service-process.js";

export type MemoryChildName = "nats" | ServiceName;

/** Ports as of LocalStackOptions, but that NATS has any free one unless said. */
export interface MemoryStackOptions extends PortOptions {
  /** Where a fetched NATS server is kept; the user's cache unless said. */
  readonly cacheDir?: string;
  readonly onProgress?: (line: string) => void;
  readonly onLine?: (child: MemoryChildName, line: string) => void;
  /** Ends a start in progress. */
  readonly signal?: AbortSignal;
}

export interface MemoryStack {
  readonly url: string;
  readonly grpcUrl: string;
  readonly natsUrl: string;
  /** Moves the date: docs/testing.md. */
  readonly clockUrl: string;
  /** Resolves when everything is gone: with the reason where nobody asked for it. */
  readonly ended: Promise<LocalStackError | undefined>;
  stop(): Promise<void>;
}

const CHILDREN: readonly MemoryChildName[] = ["nats", "orchestrator", "gateway"];
const STOP_WITHIN_MS = 5_000;

/** Leaves nothing where it throws: LocalStackError, ServersError, or the signal's reason. */
export async function startMemoryStack(options: MemoryStackOptions = {}): Promise<MemoryStack> {
  await requirePorts(options);
  const stack = new Stack(options, await mkdtemp(join(tmpdir(), "agentspan-memory-")));
  try {
    await stack.start();
    return stack;
  } catch (error) {
    await stack.stop();
    options.signal?.throwIfAborted();
    throw error;
  }
}

class Stack implements MemoryStack {
  readonly ended: Promise<LocalStackError | undefined>;
  readonly #options: MemoryStackOptions;
  readonly #folder: string;
  readonly #env: Environment;
  readonly #logs: ChildLogs<MemoryChildName>;
  readonly #signal: AbortSignal;
  readonly #giveUp = new AbortController();
  #tellEnd: (reason: LocalStackError | undefined) => void = () => undefined;
  #nats: RunningNats | undefined;
  #services: readonly ServiceProcess[] = [];
  #ports = { port: 0, grpcPort: 0, clockPort: 0 };
  #stopped: Promise<void> | undefined;

  constructor(options: MemoryStackOptions, folder: string) {
    this.#options = options;
    this.#folder = folder;
    this.#env = options.env ?? process.env;
    this.#logs = new ChildLogs(join(folder, "logs"), CHILDREN, options.onProgress ?? (() => undefined));
    const { signal } = this.#giveUp;
    this.#signal = options.signal === undefined ? signal : AbortSignal.any([signal, options.signal]);
    this.ended = new Promise((resolve) => {
      this.#tellEnd = resolve;
    });
  }

  get url(): string {
    return `http://127.0.0.1:${this.#ports.port}`;
  }

  get grpcUrl(): string {
    return `grpc://127.0.0.1:${this.#ports.grpcPort}`;
  }

  get clockUrl(): string {
    return `http://127.0.0.1:${this.#ports.clockPort}`;
  }

  get natsUrl(): string {
    return this.#nats?.url ?? "";
  }

  async start(): Promise<void> {
    const { cacheDir, natsPort, onProgress } = this.#options;
    const { binary } = await resolveNats({ env: this.#env, cacheDir, signal: this.#signal, onProgress });
    this.#nats = await startNats({
      binary,
      storeDir: join(this.#folder, "nats"),
      config: NATS_CONFIG,
      env: serverEnvironment(this.#env),
      signal: this.#signal,
      onLine: (line) => this.#line("nats", line),
      onExit: (exit: ServerExit) => {
        if (!exit.expected) this.#lost("The NATS server", exit.signal ?? `code ${exit.code}`);
      },
      ...(natsPort ? { port: natsPort } : {}),
    });
    const { natsUrl } = this;
    const orchestrator = this.#service("orchestrator", "memory-main", orchestratorEnvironment(this.#env, { natsUrl }));
    const ports = portsOf(this.#options);
    const gateway = this.#service("gateway", "main", gatewayEnvironment(this.#env, { natsUrl, ...ports }));
    try {
      this.#services = await Promise.all([gateway, orchestrator]);
    } catch (error) {
      // The first to fail says why; the other one is stopped once it is there.
      this.#giveUp.abort(error);
      await Promise.allSettled([gateway, orchestrator]);
      throw error;
    }
    await answering(this.url, this.#signal, "Start it with --verbose to see what they say.");
  }

  stop(): Promise<void> {
    return this.#end(undefined);
  }

  #service(name: ServiceName, program: string, env: NodeJS.ProcessEnv): Promise<ServiceProcess> {
    const title = `The ${name}`;
    return ServiceProcess.start({
      title,
      script: fileURLToPath(import.meta.resolve(`@agentspan/${name}/${program}`)),
      env: () => ({ ...env, AGENTSPAN_AUTH: "off" }),
      onSpawn: () => undefined,
      onLine: (line) => this.#line(name, line),
      onTrouble: () => undefined,
      onReady: (message) => Object.assign(this.#ports, message),
      onLost: (how) => this.#lost(title, how),
      logPath: this.#logs.path(name),
      stopWithinMs: STOP_WITHIN_MS,
      signal: this.#signal,
    });
  }

  #line(name: MemoryChildName, line: string): void {
    this.#logs.line(name, line);
    this.#options.onLine?.(name, line);
  }

  #lost(title: string, how: string): void {
    const why = `${title} ended unexpectedly (${how}), and with it every run in memory.`;
    const error = new LocalStackError("SERVER_LOST", why);
    this.#giveUp.abort(error);
    void this.#end(error);
  }

  #end(reason: LocalStackError | undefined): Promise<void> {
    this.#stopped ??= (async () => {
      for (const service of this.#services) await service.stop();
      await this.#nats?.process.stop();
      this.#logs.close();
      await rm(this.#folder, { recursive: true, force: true });
      this.#tellEnd(reason);
    })();
    return this.#stopped;
  }
}
