import type { TestedRun } from "../tested-run.js";

/** Whether something holds of a run, in words for both cases. */
export interface Finding {
  readonly holds: boolean;
  /** After "Expected": "the run to have completed". */
  readonly expected: string;
  /** A sentence: "It is WAITING." */
  readonly instead: string;
  /** Where it does not hold: why the opposite is not certain either. Then that does not hold as well. */
  readonly unsure?: string | undefined;
}

/** Ends as a sentence does, once. */
export function sentence(text: string): string {
  return /[.!?…]$/.test(text) ? text : `${text}.`;
}

/** "once", or "3 times". */
export function timesText(count: number): string {
  return count === 1 ? "once" : `${count} times`;
}

export function stateText({ state, error }: TestedRun): string {
  return sentence(`It is ${state}${error === undefined ? "" : `: ${error.reason}: ${error.message}`}`);
}
