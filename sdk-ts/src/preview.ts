// What a gated tool may bring so that whoever decides sees what its call would do.
import type { Logger } from "./logger.js";

/** What a preview is told besides the arguments of the call. */
export interface PreviewContext {
  readonly runId: string;
  readonly callId: string;
  /** Aborts when its time is over, or the worker shuts down and its grace is over. */
  readonly signal: AbortSignal;
  /** Says run and call with every line. */
  readonly logger: Logger;
}

/**
 * Looks at what a call would do and changes nothing: a text, { before, after }, or whatever else is to be shown, as JSON
 * of at most 64 KiB. It may be called any number of times, by any worker that serves the tool: when the approval opens,
 * and again right before the call runs. What it throws is shown as the reason why there is none.
 */
export type PreviewFunction<A> = (args: A, context: PreviewContext) => unknown;
