// The orchestrator and the gateway of a local stack.
import { fileURLToPath } from "node:url";
import { answering } from "./answering.js";
import { gatewayEnvironment, orchestratorEnvironment } from "./child-environment.js";
import type { Environment } from "./data-dir.js";
import type { LocalKeys } from "./local-keys.js";
import { ServiceProcess } from "./service-process.js";

export type ServiceName = "orchestrator" | "gateway";

export interface LocalServicesOptions {
  readonly natsUrl: string;
  readonly mongoUri: string;
  /** 0 for any free one. */
  readonly port: number;
  readonly grpcPort: number;
  /** Whether everybody is asked who they are, and keys to take beside those that are stored. */
  readonly auth: boolean;
  readonly apiKeys: string | undefined;
  /** What each signs with, and believes. */
  readonly keys: Pick<LocalKeys, "orchestrator" | "gateway">;
  readonly env: Environment;
  readonly signal: AbortSignal;
  readonly onProgress: (line: string) => void;
  readonly onSpawn: (name: ServiceName, pid: number) => void;
  readonly onLine: (name: ServiceName, line: string) => void;
  readonly logPath: (name: ServiceName) => string;
}

/** Beyond the services' own grace, which ends them by itself. */
const STOP_MS = { gateway: 8_000, orchestrator: 15_000 } as const;

export class LocalServices {
  #orchestrator: ServiceProcess | undefined;
  #gateway: ServiceProcess | undefined;
  #port: number;
  #grpcPort: number;

  private constructor(readonly options: LocalServicesOptions) {
    this.#port = options.port;
    this.#grpcPort = options.grpcPort;
  }

  /** Starts both at the same time, and waits until the gateway finds the orchestrator. Leaves nothing where it throws. */
  static async start(options: LocalServicesOptions): Promise<LocalServices> {
    const services = new LocalServices(options);
    try {
      await services.#start();
      return services;
    } catch (error) {
      await services.stop();
      throw error;
    }
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get grpcUrl(): string {
    return `grpc://127.0.0.1:${this.#grpcPort}`;
  }

  /** What asks stops before what answers. */
  async stop(): Promise<void> {
    await this.#gateway?.stop();
    await this.#orchestrator?.stop();
  }

  async kill(): Promise<void> {
    await Promise.all([this.#gateway?.kill(), this.#orchestrator?.kill()]);
  }

  async #start(): Promise<void> {
    const { natsUrl, mongoUri, auth, apiKeys, keys, env, signal } = this.options;
    const giveUp = new AbortController();
    const either = AbortSignal.any([signal, giveUp.signal]);
    const orchestrator = this.#service("orchestrator", either, {
      env: () => ({ ...orchestratorEnvironment(env, { natsUrl, mongoUri, auth }), ...keys.orchestrator }),
    });
    const gateway = this.#service("gateway", either, {
      env: () => ({
        ...gatewayEnvironment(env, { natsUrl, port: this.#port, grpcPort: this.#grpcPort, auth, apiKeys }),
        ...keys.gateway,
      }),
      // A port that was left to the system must be the same after a restart.
      onReady: (message) => this.#keepPorts(message),
    });
    const both = [
      orchestrator.then((service) => {
        this.#orchestrator = service;
      }),
      gateway.then((service) => {
        this.#gateway = service;
      }),
    ];
    try {
      await Promise.all(both);
      await answering(this.url, either, "The folder logs/ in the data folder has what they say.");
    } catch (error) {
      // The first to fail says why; the other one is not waited for.
      giveUp.abort(error);
      await Promise.allSettled(both);
      throw error;
    }
  }

  #service(
    name: ServiceName,
    signal: AbortSignal,
    of: { readonly env: () => NodeJS.ProcessEnv; readonly onReady?: (message: object) => void },
  ): Promise<ServiceProcess> {
    const { onSpawn, onLine, onProgress, logPath } = this.options;
    return ServiceProcess.start({
      ...of,
      title: `The ${name}`,
      script: fileURLToPath(import.meta.resolve(`@agentspan/${name}/main`)),
      stopWithinMs: STOP_MS[name],
      onSpawn: (pid) => onSpawn(name, pid),
      onLine: (line) => onLine(name, line),
      onTrouble: onProgress,
      logPath: logPath(name),
      signal,
    });
  }

  #keepPorts(message: object): void {
    const { port, grpcPort } = message as { readonly port?: unknown; readonly grpcPort?: unknown };
    if (typeof port === "number") this.#port = port;
    if (typeof grpcPort === "number") this.#grpcPort = grpcPort;
  }
}
