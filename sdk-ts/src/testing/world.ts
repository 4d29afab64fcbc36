import type { AgentRuntime } from "../agent-runtime.js";
import type { KitError } from "./kit-error.js";

/** Where a kit's runs take place: a stack in this process with a clock of its own, or a server that is there. */
export interface World {
  readonly runtime: AgentRuntime;
  /** Runs that have not ended go on when it is closed. */
  readonly goesOn: boolean;
  now(): Date;
  /**
   * Resolves as the promise does, and lets happen meanwhile what must. `stuck` is asked while nothing happens, and says
   * why nothing ever will. Rejects with that, or with the promise's reason.
   */
  until<T>(what: Promise<T>, stuck: () => Promise<KitError | undefined>): Promise<T>;
  /** Lets so much time pass, milliseconds, with all that happens in it. */
  advance(ms: number): Promise<void>;
  /** Calls back once, so many milliseconds from now. */
  later(ms: number, act: () => void): void;
  /** Ends it, and what it has open. */
  close(): Promise<void>;
}
