// What a tool may bring for the case that its worker is lost: a look at whether its effect happened.
import type { Logger } from "./logger.js";

/** What a probe is told besides the arguments of the call that it looks for. */
export interface ProbeContext {
  readonly runId: string;
  readonly callId: string;
  /** The attempt whose outcome nobody knows. */
  readonly attempt: number;
  /** What the tool handed to whatever makes the effect. */
  readonly idempotencyKey: string;
  /** Aborts when nobody asks any more, or the worker shuts down and its grace is over. */
  readonly signal: AbortSignal;
  /** Says run, call and attempt with every line. */
  readonly logger: Logger;
}

/**
 * What a probe found: that the effect happened, with the call's result; that it did not; or that it cannot tell.
 * `detail` is for the person who may be asked next: what was looked at, and what was seen.
 */
export type ProbeAnswer = (
  | { readonly happened: true; readonly result?: unknown }
  | { readonly happened: false }
  | { readonly unknown: true }
) & { readonly detail?: string };

/** Only looks, and may be called any number of times, by any worker that serves the tool. */
export type Probe<A> = (args: A, context: ProbeContext) => ProbeAnswer | Promise<ProbeAnswer>;
