// A server that is there: its clock is real, and so is what a test waits for.
import type { AgentRuntime } from "../../agent-runtime.js";
import { pause } from "../../backoff.js";
import { KitError } from "../kit-error.js";
import type { World } from "../world.js";

export interface ServerWorldOptions {
  readonly runtime: AgentRuntime;
  /** How long a run may take until it has ended, or waits, milliseconds. */
  readonly patienceMs: number;
  /** Takes back what was made of the server for this kit. */
  readonly leave: () => void;
}

/** What real time a test may let pass. */
const LONGEST_WAIT_MS = 60_000;
/** How often it is asked whether anything can still happen. */
const LOOK_MS = 1_000;

export class ServerWorld implements World {
  readonly runtime: AgentRuntime;
  readonly goesOn = true;
  readonly #options: ServerWorldOptions;
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(options: ServerWorldOptions) {
    this.#options = options;
    this.runtime = options.runtime;
  }

  now(): Date {
    return new Date();
  }

  later(ms: number, act: () => void): void {
    const timer = setTimeout(
      () => {
        this.#timers.delete(timer);
        act();
      },
      realTime(ms, "after()"),
    );
    this.#timers.add(timer);
  }

  async until<T>(what: Promise<T>, stuck: () => Promise<KitError | undefined>): Promise<T> {
    const begun = performance.now();
    let settled = false;
    const settle = () => {
      settled = true;
    };
    what.then(settle, settle);
    for (let saidBefore = false; ; ) {
      // Whichever comes first; the promise's rejection is told below.
      await Promise.race([what.catch(() => undefined), pause(LOOK_MS)]);
      if (settled) return what;
      const why = await stuck();
      if (settled) return what;
      // What was asked and what the run's events tell may be of different moments: it counts where it stays so.
      if (why !== undefined && saidBefore) throw why;
      saidBefore = why !== undefined;
      if (performance.now() - begun > this.#options.patienceMs) {
        throw new KitError(
          `The server took longer than ${this.#options.patienceMs / 1_000} s. Give the kit more patience.`,
        );
      }
    }
  }

  async advance(ms: number): Promise<void> {
    await pause(realTime(ms, "advance()"));
  }

  async close(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    await this.runtime.shutdown({ grace: 1_000 });
    this.#options.leave();
  }
}

function realTime(ms: number, whose: string): number {
  if (ms <= LONGEST_WAIT_MS) return ms;
  throw new KitError(
    `${whose} asks for ${Math.round(ms / 1_000)} s, and a server's clock is real: at most ${LONGEST_WAIT_MS / 1_000} s there. Longer times pass in the kit that memoryKit() makes.`,
  );
}
