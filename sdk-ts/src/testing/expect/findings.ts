// What may be expected of a run. Each says whether it is so, what was expected, and what there is instead: so the chain of
// expect() and the matchers of test runners tell the same.
import { outcomeText } from "../event-lines.js";
import type { TestedCall, TestedEvent, TestedRun } from "../tested-run.js";
import { expectedText, matches, matchesFields } from "./matches.js";

/** Whether something holds of a run, in words for both cases. */
export interface Finding {
  readonly holds: boolean;
  /** After "Expected": "the run to have completed". */
  readonly expected: string;
  /** A sentence: "It is WAITING." */
  readonly instead: string;
}

/** An event by its type, or by any of its fields. */
export type EventPattern =
  | TestedEvent["type"]
  | ({ readonly type: TestedEvent["type"] } & Readonly<Record<string, unknown>>);

/** A kind of value, a schema (as of zod) that has safeParse, or a function that is true of it. */
export type OutputType =
  | "string"
  | "number"
  | "boolean"
  | "object"
  | "array"
  | { safeParse(value: unknown): { readonly success: boolean; readonly error?: { readonly message: string } } }
  | ((value: unknown) => boolean);

export function status(run: TestedRun, state: TestedRun["state"]): Finding {
  return { holds: run.state === state, expected: `the run to be ${state}`, instead: stateText(run) };
}

export function completed(run: TestedRun): Finding {
  return { holds: run.isSuccess, expected: "the run to have completed", instead: stateText(run) };
}

export function failed(run: TestedRun, reason?: string): Finding {
  const holds = run.state === "FAILED" && (reason === undefined || run.error?.reason === reason);
  const why = reason === undefined ? "" : ` with ${reason}`;
  return { holds, expected: `the run to have failed${why}`, instead: stateText(run) };
}

export function noErrors(run: TestedRun): Finding {
  const errors = run.events.filter(isError);
  const types = errors.map((event) => ("sequence" in event ? `${event.type} (event ${event.sequence})` : event.type));
  return {
    holds: errors.length === 0 && run.error === undefined,
    expected: "the run to have no errors",
    instead: errors.length === 0 ? stateText(run) : `It has ${types.join(", ")}.`,
  };
}

export function usedTool(run: TestedRun, toolName: string, args?: unknown): Finding {
  const holds = run.calls.some((call) => call.toolName === toolName && call.used && hasArgs(call, args));
  const withArgs = args === undefined ? "" : ` with ${expectedText(args)}`;
  return { holds, expected: `${toolName} to have been used${withArgs}`, instead: toolText(run, toolName) };
}

export function toolCallOrder(run: TestedRun, toolNames: readonly string[]): Finding {
  const used = usedNames(run);
  return {
    holds: isWithin(toolNames, used, (name, other) => name === other),
    expected: `tools to have been used in the order ${toolNames.join(", ")}`,
    instead: `They were used in the order ${used.join(", ") || "of none at all"}.`,
  };
}

export function toolsUsedExactly(run: TestedRun, toolNames: readonly string[]): Finding {
  const [used, wanted] = [new Set(usedNames(run)), new Set(toolNames)];
  const missing = [...wanted].filter((name) => !used.has(name));
  const others = [...used].filter((name) => !wanted.has(name));
  const parts = [
    ...(missing.length === 0 ? [] : [`${missing.join(", ")} was not used`]),
    ...(others.length === 0 ? [] : [`${others.join(", ")} was used as well`]),
  ];
  return {
    holds: parts.length === 0,
    expected: `exactly these tools to have been used: ${toolNames.join(", ") || "none"}`,
    instead: parts.length === 0 ? "They were." : `${parts.join(", and ")}.`,
  };
}

export function output(run: TestedRun, expected: unknown): Finding {
  return {
    holds: matches(expected, run.output.result),
    expected: `the output to be ${expectedText(expected)}`,
    instead: outputText(run),
  };
}

export function outputContains(run: TestedRun, text: string): Finding {
  return {
    holds: textOf(run.output.result).includes(text),
    expected: `the output to contain ${JSON.stringify(text)}`,
    instead: outputText(run),
  };
}

export function outputMatches(run: TestedRun, pattern: RegExp): Finding {
  return {
    holds: pattern.test(textOf(run.output.result)),
    expected: `the output to match ${pattern}`,
    instead: outputText(run),
  };
}

export function outputType(run: TestedRun, type: OutputType): Finding {
  const { result } = run.output;
  if (typeof type === "object") {
    const { success, error } = type.safeParse(result);
    const why = error === undefined ? "" : ` The schema says: ${error.message}`;
    return { holds: success, expected: "the output to fit the schema", instead: `${outputText(run)}${why}` };
  }
  if (typeof type === "function") {
    return { holds: type(result), expected: `the output to be ${expectedText(type)}`, instead: outputText(run) };
  }
  const kind = Array.isArray(result) ? "array" : result === null ? "null" : typeof result;
  return {
    holds: kind === type,
    expected: `the output to be of type ${type}`,
    instead: `It is of type ${kind}. ${outputText(run)}`,
  };
}

export function eventsContain(run: TestedRun, pattern: EventPattern): Finding {
  return {
    holds: run.events.some((event) => fits(pattern, event)),
    expected: `the events to contain ${expectedText(pattern)}`,
    instead: `They are ${run.events.map(({ type }) => type).join(", ")}.`,
  };
}

export function eventSequence(run: TestedRun, patterns: readonly EventPattern[]): Finding {
  return {
    holds: isWithin(patterns, run.events, fits),
    expected: `the events to come in the order ${patterns.map(expectedText).join(", ")}`,
    instead: `They came in the order ${run.events.map(({ type }) => type).join(", ")}.`,
  };
}

export function maxTurns(run: TestedRun, most: number): Finding {
  const turns = run.events.filter(({ type }) => type === "model_replied").length;
  return {
    holds: turns <= most,
    expected: `the model to have been asked at most ${most} times`,
    instead: `It replied ${turns} times.`,
  };
}

export function paused(run: TestedRun, toolName?: string): Finding {
  const holds = run.calls.some((call) => call.paused && isOf(call, toolName));
  const whom = toolName === undefined ? "for a person" : `for a person to decide ${toolName}`;
  return { holds, expected: `the run to have waited ${whom}`, instead: toolText(run, toolName) };
}

export function approved(run: TestedRun, toolName?: string, by?: string): Finding {
  return decidedAs(run, "APPROVED", { toolName, by });
}

export function rejected(run: TestedRun, toolName?: string, reason?: string | RegExp): Finding {
  const finding = decidedAs(run, "REJECTED", { toolName });
  if (reason === undefined || !finding.holds) return finding;
  const fitting = run.calls.filter((call) => call.decision?.outcome === "REJECTED" && isOf(call, toolName));
  return {
    holds: fitting.some(({ decision }) => matches(reason, decision?.comment)),
    expected: `${finding.expected} for ${expectedText(reason)}`,
    instead: toolText(run, toolName),
  };
}

export function answered(run: TestedRun, toolName?: string): Finding {
  return decidedAs(run, "RESPONDED", { toolName });
}

export function expired(run: TestedRun, toolName?: string): Finding {
  const holds = run.calls.some((call) => call.expired && isOf(call, toolName));
  return {
    holds,
    expected: `nobody to have decided ${toolName ?? "a call"} in time`,
    instead: toolText(run, toolName),
  };
}

const DECIDED = { APPROVED: "approved", REJECTED: "rejected", RESPONDED: "answered" } as const;

function decidedAs(
  run: TestedRun,
  outcome: keyof typeof DECIDED,
  { toolName, by }: { readonly toolName?: string | undefined; readonly by?: string | undefined },
): Finding {
  const fits = (call: TestedCall) => {
    return call.decision?.outcome === outcome && isOf(call, toolName) && (by === undefined || call.decision.by === by);
  };
  const whom = by === undefined ? "a person" : by;
  const expected = `${whom} to have ${DECIDED[outcome]} ${toolName ?? "a call"}`;
  return { holds: run.calls.some(fits), expected, instead: toolText(run, toolName) };
}

function isOf({ toolName }: TestedCall, name: string | undefined): boolean {
  return name === undefined || toolName === name;
}

function hasArgs({ args }: TestedCall, expected: unknown): boolean {
  return expected === undefined || matches(expected, args);
}

function usedNames(run: TestedRun): readonly string[] {
  return run.calls.filter(({ used }) => used).map(({ toolName }) => toolName);
}

function isError(event: TestedEvent): boolean {
  if (event.type === "tool_call") return event.refused !== undefined;
  if (event.type === "tool_result") return event.outcome.kind === "error";
  return event.type === "error" || event.type === "failed" || event.type === "timed_out";
}

function fits(pattern: EventPattern, event: TestedEvent): boolean {
  return typeof pattern === "string" ? event.type === pattern : matchesFields(pattern, event);
}

/** Whether the parts come in their order, whatever is between them. */
function isWithin<P, T>(parts: readonly P[], whole: readonly T[], fit: (part: P, one: T) => boolean): boolean {
  let at = 0;
  for (const one of whole) {
    const part = parts[at];
    if (part !== undefined && fit(part, one)) at += 1;
  }
  return at === parts.length;
}

function stateText({ state, error }: TestedRun): string {
  return `It is ${state}${error === undefined ? "" : `: ${error.reason}: ${error.message}`}.`;
}

function outputText({ output: { result }, state }: TestedRun): string {
  return result === undefined ? `There is no output: the run is ${state}.` : `It is ${JSON.stringify(result)}.`;
}

function textOf(result: unknown): string {
  return typeof result === "string" ? result : (JSON.stringify(result) ?? "");
}

/** What became of the calls of a tool, or of all. */
function toolText(run: TestedRun, toolName: string | undefined): string {
  const calls = run.calls.filter((call) => isOf(call, toolName));
  if (calls.length > 0) return calls.map(callText).join(" ");
  const others = [...new Set(run.calls.map((call) => call.toolName))];
  const made = others.length === 0 ? "no tool at all" : `${others.join(", ")} only`;
  return `The model called ${made}.`;
}

function callText({
  toolName,
  args,
  askedArgs,
  refused,
  decision,
  expired: late,
  paused: waited,
  used,
  outcome,
}: TestedCall): string {
  const call = `${toolName} was called with ${JSON.stringify(askedArgs)}`;
  if (refused !== undefined) return `${call} and refused: ${refused}.`;
  const parts = [
    ...(waited ? ["waited for a person"] : []),
    ...(late ? ["expired"] : []),
    ...(decision === undefined ? [] : [decisionText(decision, matches(askedArgs, args) ? undefined : args)]),
    ...(used && outcome?.kind !== "responded"
      ? [`ran${outcome === undefined ? "" : `: ${outcomeText(outcome)}`}`]
      : []),
  ];
  return `${call}${parts.length === 0 ? " and did not run" : `, ${parts.join(", ")}`}.`;
}

function decisionText({ outcome, by, comment }: NonNullable<TestedCall["decision"]>, edited: unknown): string {
  const how = edited === undefined ? "" : ` with ${JSON.stringify(edited)}`;
  return `was ${outcome.toLowerCase()}${how} by ${by}${comment === "" ? "" : ` (${comment})`}`;
}
