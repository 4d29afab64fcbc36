// A judge of leases with a clock of its own, and the processes that it looks at.
import { createLogger, systemTime } from "@agentspan/internal";
import { LeaseJudge } from "../../src/lease-judge.js";
import type { Instance, KeptInstances } from "../../src/ports.js";

export const LEASE_MS = 1_000;
export const POLL_MS = 100;

export interface Process {
  readonly kind: Instance["kind"];
  counter: number;
  inHand: readonly string[];
  alive: boolean;
  /** Somebody wrote something else in the place of its row. */
  unreadable?: boolean;
  /** By the store's clock, which is years away from any other. */
  seenAt: number;
}

export const STORE_BEGAN = Date.UTC(1999, 0, 1);

/** A judge, and processes that show life as often as it looks. */
export class JudgeScene {
  now = 0;
  busAnswers = true;
  ownWritesQuick = true;
  storeAway = false;
  /** How long a read takes. */
  readMs = 0;
  looks = 0;
  readonly processes = new Map<string, Process>();
  readonly judge = new LeaseJudge({
    store: { readInstances: () => this.read() },
    leaseMs: LEASE_MS,
    pollMs: POLL_MS,
    log: createLogger("judge", "silent"),
    time: { ...systemTime, monotonic: () => this.now },
    ownWritesQuick: () => this.ownWritesQuick,
    busAnswers: async () => this.busAnswers,
  });

  add(incarnation: string, inHand: readonly string[] = [], kind: Instance["kind"] = "worker"): Process {
    const process = { kind, counter: 0, inHand, alive: true, seenAt: STORE_BEGAN + this.now };
    this.processes.set(incarnation, process);
    return process;
  }

  /** Time goes on; whoever is alive shows life before each look. */
  async pass(ms: number): Promise<void> {
    for (const end = this.now + ms; this.now < end; ) {
      this.now += POLL_MS;
      for (const process of this.processes.values()) {
        if (!process.alive) continue;
        process.counter += 1;
        process.seenAt = STORE_BEGAN + this.now;
      }
      await this.judge.poll();
    }
  }

  /** A look whose read has been carried out, and is told only at its end. */
  slowRead(): { end(): Promise<void> } {
    let tell = (): void => {};
    this.told = new Promise((resolve) => {
      tell = resolve;
    });
    const look = this.judge.poll();
    this.now += POLL_MS;
    return {
      end: () => {
        this.told = undefined;
        tell();
        return look;
      },
    };
  }

  private told: Promise<void> | undefined;

  private async read(): Promise<KeptInstances> {
    const found = this.found();
    await this.told;
    return found;
  }

  private found(): KeptInstances {
    this.looks += 1;
    this.now += this.readMs;
    if (this.storeAway) throw new Error("The store is away.");
    const all = [...this.processes];
    return {
      instances: all
        .filter(([, { unreadable }]) => unreadable !== true)
        .map(([incarnation, { kind, counter, inHand, seenAt }]) => {
          return { incarnation, kind, name: incarnation, namespace: "default", counter, inHand, tools: [], seenAt };
        }),
      unreadable: all.filter(([, { unreadable }]) => unreadable).map(([incarnation]) => incarnation),
    };
  }
}

/** A worker with a task in hand that has shown life for a while. */
export async function working(): Promise<{ readonly scene: JudgeScene; readonly worker: Process }> {
  const scene = new JudgeScene();
  const worker = scene.add("w-1", ["nonce"]);
  await scene.pass(500);
  return { scene, worker };
}
