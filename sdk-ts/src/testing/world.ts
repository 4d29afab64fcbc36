import type { AgentRuntime } from "../agent-runtime.js";
import { KitError } from "./kit-error.js";

/** Where a kit's runs take place: a stack in this process with a clock of its own, or a server that is there. */
export interface World {
  readonly runtime: AgentRuntime;
  /** Runs that have not ended go on when it is closed; and others than the kit may serve their tools. */
  readonly goesOn: boolean;
  now(): Date;
  /**
   * Resolves as the promise does, and lets happen meanwhile what must. Rejects with the promise's reason, or with a
   * KitError where it never settles, or the world is closed.
   */
  until<T>(what: Promise<T>, outlook?: Outlook): Promise<T>;
  /** Lets so much time pass, milliseconds, with all that happens in it. */
  advance(ms: number): Promise<void>;
  /** Calls back once, so many milliseconds from now. */
  later(ms: number, act: () => void): void;
  /** Ends it, and what it has open. */
  close(): Promise<void>;
}

/** What is known of a run that is waited for. */
export interface Outlook {
  /** Asked while nothing happens: why nothing ever will. */
  readonly stuck: () => Promise<KitError | undefined>;
  /** Asked where patience is at its end: what it waits for, a sentence, or empty. */
  readonly waitsFor: () => Promise<string>;
}

/** What is said to whoever uses a kit that was stopped. */
export function stopped(): KitError {
  return new KitError("The kit was stopped. Make another one for another run.");
}
