// All of Agentspan in this process: the orchestrator on its adapters in memory, the gateway's methods, the SDK's worker
// and client. None of them is a double, but of the broker and the database; and of the clock.
import { gatewayMethods } from "@agentspan/gateway/in-process";
import type { Logger } from "@agentspan/internal";
import {
  emptyDatabase,
  MemoryBroker,
  MemoryBus,
  MemoryStore,
  type Models,
  type Orchestrator,
  startOrchestrator,
} from "@agentspan/orchestrator/in-process";
import { AgentRuntime } from "../../agent-runtime.js";
import type { WorkerTestHooks } from "../../worker/test-hooks.js";
import { KitError } from "../kit-error.js";
import { type Outlook, stopped, type World } from "../world.js";
import { FakeTime } from "./fake-time.js";
import type { FunctionsInProgress } from "./functions-in-progress.js";
import { MemoryGatewayBus } from "./memory-gateway-bus.js";
import { MemoryLink } from "./memory-link.js";
import { memoryTransport } from "./memory-transport.js";
import { realTime } from "./real-time.js";

export interface MemoryWorldOptions {
  readonly models: Models;
  /** The date at which it begins, milliseconds since the epoch. */
  readonly startsAt: number;
  /** How long a function may run before it counts as one that never ends, milliseconds of this machine's clock. */
  readonly patienceMs: number;
  readonly hooks: WorkerTestHooks;
  readonly functions: FunctionsInProgress;
  readonly log: Logger;
}

/** Longer times in which nothing is to happen are leapt over. Milliseconds. */
const LEAP_OVER_MS = 10_000;
/** What ticks has gone on for so long before whatever ends such a time. */
const AWAKE_MS = 5_000;
/** Waits between attempts are as long as the agent says, in every run of the test alike. */
const NO_JITTER = () => 0;
/** What is due is seen to in so many of the clock's steps, or never. */
const MOST_STEPS_OVERDUE = 200;
const MOST_STEPS = 200_000;
/** So long, on this machine's clock, functions are waited for where the clock is moved whatever they do. */
const PATIENCE_OF_ADVANCE_MS = 100;
/** Turns of the event loop without any activity after which there will be none. */
const QUIET_TURNS = 2;

export class MemoryWorld implements World {
  readonly runtime: AgentRuntime;
  readonly goesOn = false;
  readonly #clock: FakeTime;
  readonly #database = emptyDatabase();
  readonly #options: MemoryWorldOptions;
  readonly #parts: { readonly store: MemoryStore; readonly bus: MemoryBus; readonly stopGateway: () => void };
  #orchestrator: Orchestrator | undefined;
  #storeCalls = 0;
  #closed = false;

  private constructor(options: MemoryWorldOptions) {
    this.#options = options;
    this.#clock = new FakeTime(options.startsAt);
    const { time } = this.#clock;
    const { log } = options;
    const broker = new MemoryBroker({ time });
    const count = () => {
      this.#storeCalls += 1;
      return undefined;
    };
    const store = new MemoryStore({ database: this.#database, now: time.wall, fault: count });
    const bus = new MemoryBus(broker, { logger: log });
    const gateway = gatewayMethods({ bus: new MemoryGatewayBus(broker), log, requestTimeoutMs: 10_000, time });
    this.#parts = { store, bus, stopGateway: gateway.stop };
    this.runtime = new AgentRuntime(
      { logger: log, testHooks: options.hooks, workerId: "kit" },
      {
        transport: memoryTransport(gateway.methods),
        openLink: async ({ workerId }) => new MemoryLink(broker, workerId, time),
        time,
      },
    );
  }

  static async open(options: MemoryWorldOptions): Promise<MemoryWorld> {
    const world = new MemoryWorld(options);
    const { store, bus } = world.#parts;
    const { models, log } = options;
    const { time } = world.#clock;
    world.#orchestrator = await startOrchestrator({ store, bus, models, log, time, jitter: NO_JITTER });
    return world;
  }

  now(): Date {
    return new Date(this.#clock.time.wall());
  }

  later(ms: number, act: () => void): void {
    this.#clock.later(ms, act);
  }

  async until<T>(what: Promise<T>, outlook?: Outlook): Promise<T> {
    const settled = settling(what);
    for (let steps = 0; ; steps += 1) {
      await this.#quiet();
      if (this.#closed) throw stopped();
      if (settled()) return what;
      if (await this.#functionsRun()) continue;
      const next = this.#next();
      if (next === undefined || next > this.#clock.time.wall() + AWAKE_MS) {
        const why = await outlook?.stuck();
        if (settled()) return what;
        if (why !== undefined) throw why;
      }
      if (steps > MOST_STEPS) {
        const waitsFor = (await outlook?.waitsFor()) ?? "";
        throw new KitError(`Time passed until ${this.now().toISOString()}, and nothing came of it. ${waitsFor}`.trim());
      }
      this.#moveTowards(next ?? this.#clock.time.wall() + LEAP_OVER_MS);
    }
  }

  async advance(ms: number): Promise<void> {
    const { functions } = this.#options;
    const target = this.#clock.time.wall() + ms;
    for (let overdue = 0; ; ) {
      await this.#quiet();
      if (functions.any && (await functions.oneEnds(PATIENCE_OF_ADVANCE_MS)) === undefined) continue;
      const next = this.#next();
      if (this.#clock.time.wall() < target) {
        this.#moveTowards(Math.min(next ?? target, target));
        continue;
      }
      // What was due by then is not seen to yet.
      if (next === undefined || next > target || overdue >= MOST_STEPS_OVERDUE) return;
      overdue += 1;
      this.#clock.stepOn();
    }
  }

  async close(): Promise<void> {
    const { store, bus, stopGateway } = this.#parts;
    this.#closed = true;
    await this.#untilDone(this.runtime.shutdown({ grace: 1 }));
    stopGateway();
    if (this.#orchestrator !== undefined) await this.#untilDone(this.#orchestrator.stop(0));
    await bus.close();
    await store.close();
  }

  /** Moves the clock one timer on, or to that date; or over a time in which nothing is to happen. */
  #moveTowards(next: number): void {
    const { time } = this.#clock;
    const gap = next - time.wall();
    if (gap <= 0) this.#clock.stepOn();
    else if (gap > LEAP_OVER_MS && !this.#options.functions.any) this.#clock.leap(gap - AWAKE_MS);
    else this.#clock.step(next);
  }

  /** The date of what comes next: of a run, or of who waits for long. */
  #next(): number | undefined {
    const dates = [...this.#database.runs.values()].flatMap(({ wakeAt }) => (wakeAt === undefined ? [] : [wakeAt]));
    const { nextLasting } = this.#clock;
    if (nextLasting !== undefined) dates.push(nextLasting);
    return dates.length === 0 ? undefined : Math.min(...dates);
  }

  /** Waits for functions in progress. Throws where one does not end. */
  async #functionsRun(): Promise<boolean> {
    const { functions, patienceMs } = this.#options;
    if (!functions.any) return false;
    const endless = await functions.oneEnds(patienceMs);
    if (endless === undefined) return true;
    const fakeTimers = realTime.replaced
      ? " The test has timers of its own in place, as vi.useFakeTimers() puts them: a function that waits for one does so until the test moves them."
      : "";
    throw new KitError(
      `${endless} has been running for ${patienceMs / 1_000} s, and nothing else happens. If that is what the test is about, move the clock with kit.advance(); if it is only slow, give the kit more patience.${fakeTimers}`,
    );
  }

  /** Resolves when nothing happens any more by itself, but in functions that take their time. */
  async #quiet(): Promise<void> {
    const activity = () => this.#storeCalls + this.#clock.touched + this.#options.functions.count;
    for (let turns = 0; turns < QUIET_TURNS; ) {
      const before = activity();
      await realTime.nextTurn();
      turns = activity() === before ? turns + 1 : 0;
    }
  }

  /** As until, whatever it takes. */
  async #untilDone(what: Promise<void>): Promise<void> {
    const settled = settling(what);
    for (let steps = 0; !settled() && steps < MOST_STEPS; steps += 1) {
      await this.#quiet();
      if (!settled()) this.#clock.stepOn();
    }
    await what;
  }
}

/** Whether a promise has settled, to be asked at any time. */
function settling(what: Promise<unknown>): () => boolean {
  let settled = false;
  const settle = () => {
    settled = true;
  };
  what.then(settle, settle);
  return () => settled;
}
