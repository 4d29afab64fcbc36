// The processes that faults may take: one fault at a time has a process, and gives it back running.
import type { ChildService, GatewayProcess } from "@agentspan/e2e";
import { pause } from "../pause.js";
import type { Random } from "../random.js";

export type ProcessKind = "orchestrator" | "gateway" | "worker";

export interface ProvedProcess {
  readonly kind: ProcessKind;
  readonly service: ChildService;
  /** Settings of each new life, such as a gateway's ports. */
  readonly lifeEnv: () => Readonly<Record<string, string>>;
}

export function gatewayProcess(gateway: GatewayProcess): ProvedProcess {
  const lifeEnv = () => ({ AGENTSPAN_PORT: String(gateway.port), AGENTSPAN_GRPC_PORT: String(gateway.grpcPort) });
  return { kind: "gateway", service: gateway.service, lifeEnv };
}

export function plainProcess(kind: "orchestrator" | "worker", service: ChildService): ProvedProcess {
  return { kind, service, lifeEnv: () => ({}) };
}

const AGAIN_MS = 300;
const SUPERVISE_MS = 1_000;
const GIVE_UP_MS = 600_000;

export class Processes {
  readonly #busy = new Set<ProvedProcess>();

  constructor(readonly all: readonly ProvedProcess[]) {}

  get kinds(): readonly ProcessKind[] {
    return [...new Set(this.all.map(({ kind }) => kind))];
  }

  /** One that no other fault has, held while `use` lasts; false where no more than `leave` of its kind are free. */
  async withOne(
    random: Random,
    kinds: readonly ProcessKind[],
    use: (taken: ProvedProcess) => Promise<void>,
    leave = 1,
  ): Promise<boolean> {
    const free = this.all.filter((one) => kinds.includes(one.kind) && this.#isFree(one) && this.#isSpare(one, leave));
    if (free.length === 0) return false;
    const taken = random.pick(free);
    this.#busy.add(taken);
    try {
      await use(taken);
    } finally {
      this.#busy.delete(taken);
    }
    return true;
  }

  /** Starts again what has died and nobody attends to: a fault that was armed may strike after its time. */
  async supervise(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await pause(SUPERVISE_MS, signal).catch(() => undefined);
      for (const one of this.all) {
        if (one.service.running || this.#busy.has(one)) continue;
        this.#busy.add(one);
        await this.revive(one).finally(() => this.#busy.delete(one));
      }
    }
  }

  #isFree(one: ProvedProcess): boolean {
    return !this.#busy.has(one) && one.service.running;
  }

  /** Of each kind some are left alone: a slow machine starts processes less often than they would be taken. */
  #isSpare({ kind }: ProvedProcess, leave: number): boolean {
    const same = this.all.filter((other) => other.kind === kind);
    return same.filter((other) => this.#isFree(other)).length > Math.min(leave, same.length - 1);
  }

  /**
   * As a supervisor would: started again and again until it stays, also when the faults are over. Throws with its last
   * words where it does not start for minutes.
   */
  async revive(one: ProvedProcess): Promise<void> {
    const giveUpAt = performance.now() + GIVE_UP_MS;
    while (!one.service.running) {
      try {
        await one.service.restart(one.lifeEnv());
      } catch (thrown) {
        // A server that it needs is away.
        await one.service.kill();
        if (performance.now() > giveUpAt) throw thrown;
        await pause(AGAIN_MS);
      }
    }
  }

  /** One life with further settings. False where it did not become ready: it may have died at a fault point before. */
  async tryLife(one: ProvedProcess, env: Readonly<Record<string, string>>): Promise<boolean> {
    try {
      await one.service.restart({ ...one.lifeEnv(), ...env });
      return true;
    } catch {
      // Whoever counts looks at its log.
      await one.service.kill();
      return false;
    }
  }
}
