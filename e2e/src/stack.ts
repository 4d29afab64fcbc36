// The whole of Agentspan as it runs in production: NATS, MongoDB, orchestrators, gateways and workers as processes of
// their own, on free ports of this machine, with leases short enough for a test. Whoever starts a stack stops it.
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createSigningKeys, newId, type Signer, signingKeyIn, TRUSTED_KEYS_FILE } from "@agentspan/internal";
import { AgentService, ApprovalService, RunService } from "@agentspan/proto";
import { AgentRuntime } from "@agentspan/sdk";
import { startTestServers, type TestServers } from "@agentspan/servers";
import { type Client, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { type Db, MongoClient } from "mongodb";
import { ChildService } from "./child-service.js";
import { GATES_VARIABLE, LEDGER_VARIABLE } from "./desk-agent.js";
import { GatewayProcess } from "./gateway-process.js";
import { Ledger } from "./ledger.js";
import { ModelServer } from "./model-server.js";
import { NatsCluster } from "./nats-cluster.js";
import { credentialsFile, deskWorker, permitWorkers } from "./permitted-workers.js";
import type { Census } from "./probe.js";
import { type Server, ServerProcesses } from "./server-processes.js";
import type { OrchestratorOptions, StackOptions, WorkerOptions } from "./stack-options.js";
import { loggedIn, workerLogins } from "./worker-logins.js";

/** As short as lets a busy machine keep its leases. */
const TIMING = {
  AGENTSPAN_LEASE: "1500ms",
  AGENTSPAN_HEARTBEAT: "300ms",
  AGENTSPAN_SWEEP: "250ms",
} as const;

/** For tests in which a hint is lost: it is sent again soon. Else a claim that is not stored yet could never be seen. */
export const ANNOUNCE_SOON = { AGENTSPAN_ANNOUNCE_AFTER: "500ms" } as const;

/** Left to itself NATS refuses the tasks' stream where less than its reservation is free on the disk. */
const NATS_CONFIG = "jetstream { max_file_store: 1GB }\n";

/** In a MongoDB that was there already: one for all who come. */
const DATABASE = "e2e";

/** Plain clients of the contract, of one gateway. */
export interface Rpc {
  readonly runs: Client<typeof RunService>;
  readonly approvals: Client<typeof ApprovalService>;
  readonly agents: Client<typeof AgentService>;
}

export class Stack {
  readonly orchestrators: ChildService[] = [];
  readonly gateways: GatewayProcess[] = [];
  readonly workers: ChildService[] = [];
  readonly ledger: Ledger;
  readonly #runtimes = new Map<string, AgentRuntime>();
  readonly #mongo: MongoClient;
  readonly #others: ChildService[] = [];
  readonly #processes: ServerProcesses;
  readonly #made = new Map<string, number>();

  private constructor(
    readonly servers: TestServers,
    readonly model: ModelServer,
    readonly folder: string,
    private readonly options: StackOptions,
    /** Of a stack with several NATS servers. */
    readonly natsCluster: NatsCluster | undefined,
    private readonly databaseName: string,
  ) {
    this.ledger = new Ledger(join(folder, "ledger"));
    this.#processes = new ServerProcesses(servers);
    this.#mongo = new MongoClient(servers.mongoUri, { serverSelectionTimeoutMS: 10_000 });
  }

  static async start(options: StackOptions = {}): Promise<Stack> {
    const folder = await mkdtemp(join(tmpdir(), "agentspan-e2e-"));
    const { orchestrators = 1, gateways = 1, workers = 1 } = options;
    const names = Array.from({ length: workers }, (_, i) => `worker-${i + 1}`);
    const logins = options.workerLogins === true ? workerLogins(names) : "";
    const { permits = false } = options;
    const permitted = [...names.map(deskWorker), ...(permits === true || permits === false ? [] : permits)];
    const natsConfig = NATS_CONFIG + (permits === false ? logins : permitWorkers(keysFolderIn(folder), permitted));
    const { natsNodes = 1 } = options;
    const cluster = natsNodes === 1 ? undefined : await NatsCluster.start(natsNodes, folder, natsConfig);
    const { serversDir, ownStore = serversDir !== undefined } = options;
    const mongoUri = options.mongoUri ?? (cluster === undefined ? undefined : process.env.MONGODB_URI);
    const given = { NATS_URL: cluster?.url, MONGODB_URI: mongoUri };
    const databaseName = mongoUri === undefined ? newId("stack") : DATABASE;
    const [servers, model] = await Promise.all([
      startTestServers({ dataDir: serversDir, sharesMongo: !ownStore, natsConfig, env: { ...process.env, ...given } }),
      ModelServer.start(),
    ]);
    const stack = new Stack(servers, model, folder, options, cluster, databaseName);
    if (options.signed === true) createSigningKeys(stack.keysFolder, ["gateways", "orchestrators"]);
    try {
      await Promise.all([
        ...Array.from({ length: orchestrators }, () => stack.addOrchestrator()),
        ...Array.from({ length: gateways }, () => stack.addGateway()),
      ]);
      const natsUrl = (name: string) =>
        options.workerLogins === true ? { natsUrl: loggedIn(servers.natsUrl, name) } : {};
      await Promise.all(names.map((name) => stack.addWorker(natsUrl(name))));
      return stack;
    } catch (error) {
      await stack.stop();
      throw error;
    }
  }

  async addOrchestrator({ mongoUri, natsUrl, env }: OrchestratorOptions = {}): Promise<ChildService> {
    const service = await this.#service("orchestrator", {
      ...TIMING,
      NATS_URL: natsUrl ?? this.servers.natsUrl,
      ...(this.options.natsNodes === undefined ? {} : { AGENTSPAN_NATS_REPLICAS: String(this.options.natsNodes) }),
      MONGODB_URI: mongoUri ?? this.servers.mongoUri,
      AGENTSPAN_DATABASE: this.databaseName,
      AGENTSPAN_MODEL_PROVIDERS: JSON.stringify({ script: { baseUrl: this.model.baseUrl } }),
      ...this.#keys("orchestrators"),
      ...env,
    });
    this.orchestrators.push(service);
    return service;
  }

  async addGateway(): Promise<GatewayProcess> {
    const service = await this.#service("gateway", {
      AGENTSPAN_PORT: "0",
      AGENTSPAN_GRPC_PORT: "0",
      AGENTSPAN_REQUEST_TIMEOUT: "5s",
      ...this.#keys("gateways"),
      NATS_URL: this.servers.natsUrl,
    });
    const gateway = new GatewayProcess(service);
    this.gateways.push(gateway);
    return gateway;
  }

  async addWorker({
    queues = ["desk"],
    concurrency = 16,
    natsUrl,
    env = {},
  }: WorkerOptions = {}): Promise<ChildService> {
    const name = this.#nameOf("worker");
    const service = await ChildService.start({
      name,
      entry: programOf("@agentspan/e2e/worker"),
      env: {
        NATS_URL: natsUrl ?? this.servers.natsUrl,
        AGENTSPAN_LOG_LEVEL: process.env.E2E_LOG_LEVEL ?? "info",
        E2E_WORKER_ID: name,
        E2E_QUEUES: queues.join(","),
        E2E_CONCURRENCY: String(concurrency),
        ...this.#trusted(),
        ...this.#credentials(name),
        [LEDGER_VARIABLE]: this.ledger.file,
        [GATES_VARIABLE]: this.folder,
        ...env,
      },
    });
    this.workers.push(service);
    return service;
  }

  /** A program that starts a run with this input and waits for it. */
  async addClient(input: string, gateway = 0): Promise<ChildService> {
    const env = { AGENTSPAN_SERVER_URL: this.gateway(gateway).url, E2E_INPUT: input };
    const service = await ChildService.start({ name: "client", entry: programOf("@agentspan/e2e/client"), env });
    this.#others.push(service);
    return service;
  }

  /** One of the gateways; the number is taken round, so that tests do not depend on how many there are. */
  gateway(index = 0): GatewayProcess {
    const gateway = this.gateways[index % this.gateways.length];
    if (gateway === undefined) throw new Error("The stack has no gateway.");
    return gateway;
  }

  /** The SDK on a gateway. */
  runtime(index = 0): AgentRuntime {
    const { url } = this.gateway(index);
    const runtime = this.#runtimes.get(url) ?? new AgentRuntime({ url });
    this.#runtimes.set(url, runtime);
    return runtime;
  }

  /** The bare contract on a gateway. */
  rpc(index = 0): Rpc {
    const transport = createGrpcTransport({ baseUrl: this.gateway(index).url });
    return {
      runs: createClient(RunService, transport),
      approvals: createClient(ApprovalService, transport),
      agents: createClient(AgentService, transport),
    };
  }

  /** The keys of a signed stack. */
  get keysFolder(): string {
    return keysFolderIn(this.folder);
  }

  /** What the orchestrators store. */
  get database(): Db {
    return this.#mongo.db(this.databaseName);
  }

  /** Lets every tool go on that holds at this gate, now and from now on. */
  async openGate(name: string): Promise<void> {
    await writeFile(join(this.folder, name), "");
  }

  /** What lives in a service of a probed stack. */
  async census(service: ChildService): Promise<Census> {
    return (await service.ask({ census: true })).census as Census;
  }

  /** SIGKILL of a server. */
  kill(server: Server): Promise<void> {
    return this.#processes.kill(server);
  }

  /** The same port and the same data. */
  restart(server: Server): Promise<void> {
    return this.#processes.restart(server);
  }

  /** SIGSTOP: nothing answers, nothing is closed. */
  pause(server: Server): void {
    this.#processes.pause(server);
  }

  resume(server: Server): void {
    this.#processes.resume(server);
  }

  /** Kills NATS and starts one on the same port that knows nothing. */
  loseNats(): Promise<void> {
    return this.#processes.loseNats(this.folder);
  }

  /** Kills whatever there is, our processes and the servers. */
  async killAll(): Promise<void> {
    const services = [...this.workers, ...this.orchestrators, ...this.gateways.map(({ service }) => service)];
    await Promise.all([...services.map((service) => service.kill()), this.kill("NATS"), this.kill("MongoDB")]);
  }

  /** Starts again what killAll killed, on the same data and ports. */
  async restartAll(): Promise<void> {
    await Promise.all([this.restart("NATS"), this.restart("MongoDB")]);
    await Promise.all([
      ...this.orchestrators.map((service) => service.restart()),
      ...this.gateways.map((gateway) => gateway.restart()),
    ]);
    await Promise.all(this.workers.map((service) => service.restart()));
  }

  /** Ends processes that a test has done with; they leave the stack. */
  async remove(service: ChildService): Promise<void> {
    await service.kill();
    for (const list of [this.workers, this.orchestrators]) {
      const at = list.indexOf(service);
      if (at !== -1) list.splice(at, 1);
    }
  }

  /** The last lines of every process, for a test that failed. */
  logs(): string {
    const services = [...this.orchestrators, ...this.gateways.map(({ service }) => service), ...this.workers];
    return [...services, ...this.#others].map((service) => service.log()).join("\n");
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#runtimes.values()].map((runtime) => runtime.shutdown()));
    await this.#mongo.close();
    const services = [...this.workers, ...this.orchestrators, ...this.gateways.map(({ service }) => service)];
    await Promise.all([...services, ...this.#others].map((service) => service.kill()));
    await Promise.all([this.#processes.stop(), this.natsCluster?.stop()]);
    await Promise.all([this.servers.stop(), this.model.stop()]);
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  /** "worker-1", and another for each that is made, also at the same time. */
  #nameOf(kind: string): string {
    const number = (this.#made.get(kind) ?? 0) + 1;
    this.#made.set(kind, number);
    return `${kind}-${number}`;
  }

  #keys(signer: Signer): Readonly<Record<string, string>> {
    const key = this.options.signed === true ? signingKeyIn(this.keysFolder, signer, Date.now()) : undefined;
    return key === undefined ? {} : { AGENTSPAN_SIGNING_KEY_FILE: key.path, ...this.#trusted() };
  }

  #trusted(): Readonly<Record<string, string>> {
    if (this.options.signed !== true) return {};
    return { AGENTSPAN_TRUSTED_KEYS_FILE: join(this.keysFolder, TRUSTED_KEYS_FILE) };
  }

  /** Of a worker that has any. */
  #credentials(name: string): Readonly<Record<string, string>> {
    const path = credentialsFile(this.keysFolder, name);
    return existsSync(path) ? { AGENTSPAN_WORKER_CREDENTIALS_FILE: path } : {};
  }

  #service(kind: "orchestrator" | "gateway", env: Readonly<Record<string, string>>): Promise<ChildService> {
    const twin = kind === "orchestrator" ? this.options.orchestratorEntry : undefined;
    const entry = twin ?? programOf(`@agentspan/${kind}/main`);
    const execArgv =
      this.options.probed === true ? ["--no-warnings", "--import", programOf("@agentspan/e2e/probe")] : [];
    const level = { AGENTSPAN_LOG_LEVEL: process.env.E2E_LOG_LEVEL ?? "info" };
    const name = this.#nameOf(kind);
    return ChildService.start({ name, entry, execArgv, env: { ...level, ...env, ...this.options.env } });
  }
}

/** The file of a program, by the name that its package gives it. */
function programOf(name: string): string {
  return fileURLToPath(import.meta.resolve(name));
}

function keysFolderIn(folder: string): string {
  return join(folder, "keys");
}
