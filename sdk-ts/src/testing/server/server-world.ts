// A server that is there: its clock is real, and so is what a test waits for.
import type { AgentRuntime } from "../../agent-runtime.js";
import { KitError } from "../kit-error.js";
import { realTime } from "../stack/real-time.js";
import { type Outlook, stopped, type World } from "../world.js";

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
  /** What cancels them. */
  readonly #timers = new Set<() => void>();
  #closed = false;

  constructor(options: ServerWorldOptions) {
    this.#options = options;
    this.runtime = options.runtime;
  }

  now(): Date {
    return new Date();
  }

  later(ms: number, act: () => void): void {
    const cancel = realTime.after(realMs(ms, "after()"), () => {
      this.#timers.delete(cancel);
      act();
    });
    this.#timers.add(cancel);
  }

  async until<T>(what: Promise<T>, outlook?: Outlook): Promise<T> {
    const begun = realTime.now();
    let settled = false;
    const settle = () => {
      settled = true;
    };
    what.then(settle, settle);
    for (let saidBefore = false; ; ) {
      // Whichever comes first; the promise's rejection is told below.
      await Promise.race([what.catch(() => undefined), realTime.pause(LOOK_MS)]);
      if (this.#closed) throw stopped();
      if (settled) return what;
      const why = await outlook?.stuck();
      if (settled) return what;
      // What was asked and what the run's events tell may be of different moments: it counts where it stays so.
      if (why !== undefined && saidBefore) throw why;
      saidBefore = why !== undefined;
      const { patienceMs } = this.#options;
      if (realTime.now() - begun > patienceMs) {
        const waitsFor = (await outlook?.waitsFor()) ?? "";
        throw new KitError(
          `The server took longer than ${patienceMs / 1_000} s. ${waitsFor === "" ? "Give the kit more patience." : waitsFor}`,
        );
      }
    }
  }

  async advance(ms: number): Promise<void> {
    await realTime.pause(realMs(ms, "advance()"));
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const cancel of this.#timers) cancel();
    await this.runtime.shutdown({ grace: 1_000 });
    this.#options.leave();
  }
}

function realMs(ms: number, whose: string): number {
  if (ms <= LONGEST_WAIT_MS) return ms;
  throw new KitError(
    `${whose} asks for ${Math.round(ms / 1_000)} s, and a server's clock is real: at most ${LONGEST_WAIT_MS / 1_000} s there. Longer times pass in the kit that memoryKit() makes.`,
  );
}
