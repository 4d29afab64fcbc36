// A stack of our own to be broken: servers, orchestrators, gateways and workers as processes, and a scripted model. Each
// talks to the next through a door that can lose answers.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { deskAgent, type LedgerLine, type Rpc, Stack } from "@agentspan/e2e";
import { TRUSTED_KEYS_FILE, TrustedKeys } from "@agentspan/internal";
import type { AgentDefinition } from "@agentspan/proto";
import { type StoredHistory, storedHistories } from "./checks/stored-histories.js";
import { LossyProxy } from "./faults/lossy-proxy.js";
import { gatewayProcess, Processes, plainProcess } from "./faults/processes.js";
import { SmallDisk } from "./faults/small-disk.js";
import type { Random } from "./random.js";
import { STORIES, type Story } from "./stories.js";
import type { Target } from "./target.js";
import { issueKeys, STARTER } from "./trust/people.js";
import { POLICY_STORIES, POLICY_TOOLS, policiesAgent } from "./trust/policies.js";
import { type Way, wayTo } from "./way.js";

export interface OwnStackOptions {
  readonly orchestrators: number;
  readonly gateways: number;
  readonly workers: number;
  /** Another build of the orchestrator's program. */
  readonly orchestratorEntry?: string | undefined;
  /** Keeps the servers' data on a small disk that can be filled, where one can be had. */
  readonly smallDisk: boolean;
  readonly leaseMs: number;
  /** With authentication, signatures, policies and standing grants. */
  readonly trust: boolean;
  /** Further settings of every service. */
  readonly env?: Readonly<Record<string, string>>;
}

const FAULTS_ALLOWED = { AGENTSPAN_ALLOW_FAULTS: "yes" } as const;

const OWNED = ["refund", "email", "erase", "transfer", "payout", "wire", "adjust", "wipe"];
const GATED: ReadonlySet<string> = new Set([...OWNED, ...POLICY_TOOLS]);
const ONCE: ReadonlySet<string> = new Set(["charge"]);

export class OwnStack implements Target {
  readonly limits = [];
  readonly stories: readonly Story[];
  readonly gated = GATED;
  readonly once = ONCE;
  readonly #agent = deskAgent().definition;

  private constructor(
    readonly stack: Stack,
    readonly processes: Processes,
    readonly proxies: readonly LossyProxy[],
    private readonly ways: readonly Way[],
    readonly disk: SmallDisk | undefined,
    readonly untried: Target["untried"],
    readonly people: Target["people"],
    readonly trusted: TrustedKeys | undefined,
  ) {
    this.stories = trusted === undefined ? STORIES : [...STORIES, ...POLICY_STORIES];
  }

  /** Each gateway, straight and through a door, as whoever starts the runs. */
  get rpcs(): readonly Rpc[] {
    return this.people.find(({ name }) => name === STARTER)?.rpcs ?? this.ways.map(({ rpc }) => rpc);
  }

  static async start(options: OwnStackOptions): Promise<OwnStack> {
    const { leaseMs, orchestratorEntry } = options;
    const mounted = options.smallDisk ? await SmallDisk.mount() : undefined;
    const disk = mounted instanceof SmallDisk ? mounted : undefined;
    const untried = mounted !== undefined && "why" in mounted ? [{ kind: "disk" as const, why: mounted.why }] : [];
    const { holders, setting } = issueKeys();
    const env = {
      AGENTSPAN_LEASE: `${leaseMs}ms`,
      AGENTSPAN_HEARTBEAT: `${Math.floor(leaseMs / 5)}ms`,
      AGENTSPAN_SWEEP: "200ms",
      AGENTSPAN_ANNOUNCE_AFTER: "1s",
      AGENTSPAN_LOG_LEVEL: "warn",
      ...FAULTS_ALLOWED,
      ...(options.trust ? { AGENTSPAN_AUTH: "on", AGENTSPAN_API_KEYS: setting } : {}),
      ...options.env,
    };
    const stack = await Stack.start({
      ownStore: true,
      orchestrators: 0,
      gateways: options.gateways,
      workers: 0,
      signed: options.trust,
      env,
      ...(orchestratorEntry === undefined ? {} : { orchestratorEntry }),
      ...(disk === undefined ? {} : { serversDir: disk.path }),
    });
    const proxies: LossyProxy[] = [];
    const through = async (name: string, port: number): Promise<number> => {
      const proxy = await LossyProxy.open({ name, port });
      proxies.push(proxy);
      return proxy.port;
    };
    try {
      const { mongo, nats } = stack.servers;
      const orchestrators = [];
      for (let n = 0; n < options.orchestrators; n += 1) {
        const mongoPort = await through("MongoDB's to an orchestrator", mongo.port);
        const natsPort = await through("NATS' to an orchestrator", nats.port);
        const mongoUri = `mongodb://127.0.0.1:${mongoPort}/?directConnection=true`;
        orchestrators.push(stack.addOrchestrator({ mongoUri, natsUrl: `nats://127.0.0.1:${natsPort}` }));
      }
      await Promise.all(orchestrators);
      const workers = [];
      for (let n = 0; n < options.workers; n += 1) {
        const natsPort = await through("NATS' to a worker", nats.port);
        workers.push(stack.addWorker({ natsUrl: `nats://127.0.0.1:${natsPort}`, env: FAULTS_ALLOWED }));
      }
      await Promise.all(workers);
      const urls: string[] = [];
      for (const gateway of stack.gateways) {
        urls.push(gateway.url, `http://127.0.0.1:${await through("a gateway's to its clients", gateway.port)}`);
      }
      const processes = new Processes([
        ...stack.orchestrators.map((service) => plainProcess("orchestrator", service)),
        ...stack.gateways.map(gatewayProcess),
        ...stack.workers.map((service) => plainProcess("worker", service)),
      ]);
      if (!options.trust) {
        return new OwnStack(
          stack,
          processes,
          proxies,
          urls.map((url) => wayTo(url)),
          disk,
          untried,
          [],
          undefined,
        );
      }
      const keyed = holders.map((holder) => ({ holder, ways: urls.map((url) => wayTo(url, holder.apiKey)) }));
      const people = keyed.map(({ holder, ways }) => ({ ...holder, rpcs: ways.map(({ rpc }) => rpc) }));
      const ways = keyed.flatMap((one) => one.ways);
      return new OwnStack(stack, processes, proxies, ways, disk, untried, people, trustedIn(stack));
    } catch (error) {
      await Promise.all(proxies.map((proxy) => proxy.close()));
      await stack.stop();
      await disk?.unmount();
      throw error;
    }
  }

  agentOf({ unserved, policies }: Story, random: Random): AgentDefinition {
    if (policies === true) return policiesAgent.definition;
    if (unserved === true) return { ...this.#agent, name: "unserved" };
    if (!random.chance(0.15)) return this.#agent;
    return { ...this.#agent, instructions: `Version ${random.between(1, 1_000_000_000)}.` };
  }

  inputOf({ name, steps }: Story, random: Random): string {
    return this.stack.model.script(name, steps(random));
  }

  ledger(): readonly LedgerLine[] {
    return this.stack.ledger.all();
  }

  logs(): string {
    return this.stack.logs();
  }

  livingPids(): ReadonlySet<number> {
    return new Set(this.stack.workers.flatMap(({ pid }) => (pid === undefined ? [] : [pid])));
  }

  stored(): Promise<readonly StoredHistory[]> {
    return storedHistories(this.stack.database);
  }

  async stop(): Promise<void> {
    for (const { close } of this.ways) close();
    await Promise.all(this.proxies.map((proxy) => proxy.close()));
    await this.stack.stop();
    await this.disk?.unmount();
  }
}

function trustedIn({ keysFolder }: Stack): TrustedKeys {
  const read = TrustedKeys.read(readFileSync(join(keysFolder, TRUSTED_KEYS_FILE), "utf8"));
  if (read instanceof TrustedKeys) return read;
  throw new Error(read.faults.join("; "));
}
