// What a test hands over as a run. Of anything else nothing can be said: neither that something holds, nor the opposite.
import { KitError } from "../kit-error.js";
import type { TestedRun } from "../tested-run.js";

/** Throws KitError where it is no run, with what was probably meant. */
export function requireRun(run: unknown): asserts run is TestedRun {
  if (isTestedRun(run)) return;
  throw new KitError(`Expected a run, as mockRun() or a kit gives it, and got ${whatItIs(run)}`);
}

function whatItIs(run: unknown): string {
  if (typeof run !== "object" || run === null) return `${run === null ? "null" : typeof run}.`;
  if (has(run, "then")) return "a promise: did you forget await?";
  if (has(run, "soFar")) return "a KitRun, which may go on: use await run.result(), or await run.soFar().";
  if (has(run, "getStatus")) return "a handle: use await kit.tested(handle.runId).";
  return "something else.";
}

function has(run: object, method: string): boolean {
  return method in run && typeof (run as Readonly<Record<string, unknown>>)[method] === "function";
}

function isTestedRun(run: unknown): run is TestedRun {
  if (typeof run !== "object" || run === null) return false;
  const { runId, events, calls, childRuns } = run as Partial<TestedRun>;
  return typeof runId === "string" && [events, calls, childRuns].every(Array.isArray);
}
