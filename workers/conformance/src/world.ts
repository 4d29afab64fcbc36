// What a scenario has: a bus with a scripted orchestrator, the whole stack, and drivers on either. Each part is made when
// the first scenario asks for it. Whoever starts a world stops it.
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ANNOUNCE_SOON, Stack, until } from "@agentspan/e2e";
import {
  createSigningKeys,
  natsAccounts,
  newId,
  type SigningKey,
  signingKey,
  TRUSTED_KEYS_FILE,
  workerPermissions,
} from "@agentspan/internal";
import { type RunningNats, resolveServers, startNats } from "@agentspan/servers";
import { TOOL_NAMES } from "./conformance-agent.js";
import { DriverLedger } from "./driver-ledger.js";
import { type Driver, DriverProcess, type DriverSettings } from "./driver-process.js";
import { ScriptedOrchestrator } from "./scripted-orchestrator.js";

/** What a scenario says of a driver that it wants; the rest is made up. */
export interface DriverWish
  extends Partial<Pick<DriverSettings, "workerId" | "queues" | "natsUrl" | "concurrency" | "graceMs">> {
  /** False: it may take its time to be ready. */
  readonly awaited?: boolean;
}

export interface WorldOptions {
  /** How long is waited for what must come, milliseconds. */
  readonly patienceMs?: number;
}

/** A driver, and the one queue that it serves unless said otherwise. */
export interface Serving {
  readonly process: DriverProcess;
  readonly workerId: string;
  readonly queue: string;
}

const RESIDENT = "resident";
const PASSWORD = "secret-of-the-resident";

export class World {
  readonly ledger: DriverLedger;
  readonly #processes: DriverProcess[] = [];
  readonly #lent = new Set<World>();
  #stack: Promise<Stack> | undefined;
  readonly #residents = new Map<"bus" | "stack", Promise<Serving>>();

  private constructor(
    readonly driver: Driver,
    private readonly folder: string,
    readonly nats: RunningNats,
    readonly bus: ScriptedOrchestrator,
    readonly patienceMs: number,
    /** Whose stack and residents it uses. */
    private readonly shared?: World,
  ) {
    this.ledger = new DriverLedger(join(folder, "ledger"));
  }

  static async start(driver: Driver, { patienceMs = 30_000 }: WorldOptions = {}): Promise<World> {
    const folder = await mkdtemp(join(tmpdir(), "agentspan-conformance-"));
    createSigningKeys(join(folder, "keys"), ["orchestrators", "gateways"]);
    const { nats: found } = await resolveServers({ own: true });
    if (!("binary" in found)) throw new Error("There is no NATS server of our own to start.");
    const nats = await startNats({ binary: found.binary, storeDir: join(folder, "nats"), config: logins() });
    const bus = await ScriptedOrchestrator.start(nats.url, await keyIn(folder, "orchestrator"));
    return new World(driver, folder, nats, bus, patienceMs);
  }

  /** Lets a scenario use this world; the drivers that it starts of its own end with it. */
  async lend(scenario: (world: World) => Promise<void>): Promise<void> {
    const lent = new World(this.driver, this.folder, this.nats, this.bus, this.patienceMs, this);
    this.#lent.add(lent);
    try {
      await scenario(lent);
    } finally {
      await lent.#endDrivers();
      this.#lent.delete(lent);
    }
  }

  /** The whole of Agentspan, signing, with leases of 1.5 s and without a worker. */
  stack(): Promise<Stack> {
    if (this.shared !== undefined) return this.shared.stack();
    this.#stack ??= Stack.start({ workers: 0, signed: true, env: ANNOUNCE_SOON });
    return this.#stack;
  }

  /** The driver that scenarios share which do no harm to it; at the bus it may do there what the protocol names, and nothing else. */
  resident(where: "bus" | "stack"): Promise<Serving> {
    if (this.shared !== undefined) return this.shared.resident(where);
    const made = this.#residents.get(where) ?? this.#resident(where);
    this.#residents.set(where, made);
    return made;
  }

  #resident(where: "bus" | "stack"): Promise<Serving> {
    const known = { workerId: RESIDENT, queues: [RESIDENT] };
    if (where === "stack") return this.onStack(known);
    return this.onBus({ ...known, natsUrl: this.nats.url.replace("://", `://${RESIDENT}:${PASSWORD}@`) });
  }

  /** A driver of the scenario's own beside the scripted orchestrator. */
  onBus(wish: DriverWish = {}): Promise<Serving> {
    return this.#start(wish, this.nats.url, join(this.folder, "keys", TRUSTED_KEYS_FILE));
  }

  /** A driver of the scenario's own in the whole stack. */
  async onStack(wish: DriverWish = {}): Promise<Serving> {
    const stack = await this.stack();
    return this.#start(wish, stack.servers.natsUrl, join(stack.keysFolder, TRUSTED_KEYS_FILE));
  }

  async #start(wish: DriverWish, natsUrl: string, trustedKeysFile: string): Promise<Serving> {
    const { workerId = newId("worker"), queues = [newId("q")], awaited = true, ...more } = wish;
    const process = DriverProcess.start(this.driver, {
      ...{ workerId, queues, natsUrl, trustedKeysFile, ledger: this.ledger.file, gates: this.folder },
      ...more,
    });
    this.#processes.push(process);
    if (awaited) await this.ready(process);
    return { process, workerId, queue: queues[0] ?? "" };
  }

  /** Resolves when a driver is registered. */
  async ready(process: DriverProcess): Promise<void> {
    const ready = () => process.exit !== undefined || this.ledger.lines({ step: "ready", pid: process.pid }).length > 0;
    await until(`the driver ${process.workerId} is ready`, ready);
    if (process.exit !== undefined) throw new Error(`The driver ended before it was ready:\n${process.log()}`);
  }

  until<T>(what: string, look: () => T | Promise<T>): Promise<Exclude<T, undefined | false>> {
    return until(what, look, { withinMs: this.patienceMs });
  }

  /** Lets every tool go on that holds at this gate, now and from now on. */
  async openGate(name: string): Promise<void> {
    await writeFile(join(this.folder, name), "");
  }

  /** A key that drivers trust, but to sign for gateways alone. */
  gatewayKey(): Promise<SigningKey> {
    return keyIn(this.folder, "gateway");
  }

  /** The last lines of every process, for a scenario that failed. */
  async logs(): Promise<string> {
    const stack = await (this.shared ?? this).#stack;
    const processes = [...(this.shared === undefined ? [] : this.shared.#processes), ...this.#processes];
    return [stack?.logs() ?? "", ...processes.map((process) => process.log())].join("\n");
  }

  async #endDrivers(): Promise<void> {
    await Promise.all(this.#processes.map((process) => process.kill()));
  }

  async stop(): Promise<void> {
    await Promise.all([this, ...this.#lent].map((world) => world.#endDrivers()));
    await (await this.#stack)?.stop();
    await this.bus.close();
    await this.nats.process.kill();
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** The NATS server's configuration: the resident has its rights and no more, whoever shows no login has all. */
function logins(): string {
  const tools = TOOL_NAMES.map((tool) => ({ namespace: "default", queue: RESIDENT, tool }));
  const services = [{ user: "server", password: "secret-of-the-server" }];
  const workers = [{ user: RESIDENT, password: PASSWORD, permissions: workerPermissions(RESIDENT, tools) }];
  // Left to itself NATS refuses a stream where little is free on the disk.
  return `jetstream { max_file_store: 1GB }\n${natsAccounts({ services, workers })}no_auth_user: server\n`;
}

async function keyIn(folder: string, signer: "orchestrator" | "gateway"): Promise<SigningKey> {
  const keys = join(folder, "keys");
  const name = (await readdir(keys)).find((one) => one.startsWith(`${signer}-`));
  if (name === undefined) throw new Error(`There is no key of a ${signer} in ${keys}.`);
  return signingKey(await readFile(join(keys, name), "utf8"));
}
