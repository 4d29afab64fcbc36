// What may be expected of a run. Each says whether it is so, what was expected, and what there is instead: so the chain of
// expect() and the matchers of test runners tell the same.
import { eventDetail } from "../event-lines.js";
import { KitError } from "../kit-error.js";
import type { TestedEvent, TestedRun } from "../tested-run.js";
import { type Finding, sentence, stateText, timesText } from "./finding.js";
import {
  expectedText,
  isFound,
  isSchema,
  isTrue,
  matches,
  matchesFields,
  requireComparable,
  type Schema,
} from "./matches.js";
import {
  type EventPattern,
  requireCount,
  requireEvent,
  requireEvents,
  requireKnown,
  requireReason,
  requireState,
} from "./names.js";
import { isWithin } from "./tool-findings.js";

const KINDS = ["string", "number", "boolean", "object", "array"] as const;

/** A kind of value, a schema (as of zod) that has safeParse, or a function that is true of it. */
export type OutputType = (typeof KINDS)[number] | Schema | ((value: unknown) => boolean);

export function status(run: TestedRun, state: TestedRun["state"]): Finding {
  requireState(state);
  return { holds: run.state === state, expected: `the run to be ${state}`, instead: stateText(run) };
}

export function completed(run: TestedRun): Finding {
  return { holds: run.isSuccess, expected: "the run to have completed", instead: stateText(run) };
}

export function failed(run: TestedRun, reason?: string): Finding {
  if (reason !== undefined) requireReason(reason);
  const holds = run.state === "FAILED" && (reason === undefined || run.error?.reason === reason);
  const why = reason === undefined ? "" : ` with ${reason}`;
  return { holds, expected: `the run to have failed${why}`, instead: stateText(run) };
}

export function cancelled(run: TestedRun): Finding {
  return { holds: run.state === "CANCELLED", expected: "the run to have been cancelled", instead: stateText(run) };
}

export function timedOut(run: TestedRun): Finding {
  return { holds: run.state === "TIMED_OUT", expected: "the run to have timed out", instead: stateText(run) };
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

export function output(run: TestedRun, expected: unknown): Finding {
  requireComparable(expected);
  return {
    holds: hasOutput(run) && matches(expected, run.output.result),
    expected: `the output to be ${expectedText(expected)}`,
    instead: outputText(run),
  };
}

export function outputContains(run: TestedRun, text: string): Finding {
  if (typeof text !== "string" || text === "") {
    throw new KitError("An output contains a text that is not empty: every one has an empty one in it.");
  }
  return {
    holds: hasOutput(run) && textOf(run.output.result).includes(text),
    expected: `the output to contain ${JSON.stringify(text)}`,
    instead: outputText(run),
  };
}

export function outputMatches(run: TestedRun, pattern: RegExp): Finding {
  if (!(pattern instanceof RegExp)) throw new KitError("An output matches a regular expression, such as /paid/.");
  return {
    holds: hasOutput(run) && isFound(pattern, textOf(run.output.result)),
    expected: `the output to match ${pattern}`,
    instead: outputText(run),
  };
}

export function outputType(run: TestedRun, type: OutputType): Finding {
  const { result } = run.output;
  if (isSchema(type)) {
    const { success, error } = type.safeParse(result);
    const why = error === undefined ? "" : ` The schema says: ${error.message}`;
    const holds = success && hasOutput(run);
    return { holds, expected: "the output to fit the schema", instead: `${outputText(run)}${why}` };
  }
  if (typeof type === "function") {
    const holds = hasOutput(run) && isTrue(type, result);
    return { holds, expected: `the output to be ${expectedText(type)}`, instead: outputText(run) };
  }
  requireKnown("type of output", type, KINDS);
  const kind = Array.isArray(result) ? "array" : result === null ? "null" : typeof result;
  return {
    holds: kind === type,
    expected: `the output to be of type ${type}`,
    instead: hasOutput(run) ? `It is of type ${kind}. ${outputText(run)}` : outputText(run),
  };
}

export function eventsContain(run: TestedRun, pattern: EventPattern): Finding {
  requireEvent(run, pattern);
  const ofType = run.events.filter(({ type }) => typeof pattern !== "string" && type === pattern.type);
  const told = ofType.map((event) => `${"sequence" in event ? `event ${event.sequence}: ` : ""}${eventDetail(event)}`);
  return {
    holds: run.events.some((event) => fits(pattern, event)),
    expected: `the events to contain ${expectedText(pattern)}`,
    instead: sentence(
      told.length === 0
        ? `They are ${run.events.map(({ type }) => type).join(", ")}`
        : `Those of this type are ${told.join("; ")}`,
    ),
  };
}

export function eventSequence(run: TestedRun, patterns: readonly EventPattern[]): Finding {
  requireEvents(run, patterns);
  return {
    holds: isWithin(patterns, run.events, fits),
    expected: `the events to come in the order ${patterns.map(expectedText).join(", ")}`,
    instead: `They came in the order ${run.events.map(({ type }) => type).join(", ")}.`,
  };
}

export function maxTurns(run: TestedRun, most: number): Finding {
  requireCount(most, "How often the model may be asked");
  const turns = run.events.filter(({ type }) => type === "model_replied").length;
  return {
    holds: turns <= most,
    expected: `the model to have been asked at most ${timesText(most)}`,
    instead: `It replied ${timesText(turns)}.`,
  };
}

function isError(event: TestedEvent): boolean {
  if (event.type === "tool_call") return event.refused !== undefined;
  if (event.type === "tool_result") return event.outcome.kind === "error";
  return event.type === "error" || event.type === "failed" || event.type === "timed_out";
}

function fits(pattern: EventPattern, event: TestedEvent): boolean {
  return typeof pattern === "string" ? event.type === pattern : matchesFields(pattern, event);
}

function hasOutput({ output: { result } }: TestedRun): boolean {
  return result !== undefined;
}

function outputText({ output: { result }, state }: TestedRun): string {
  return result === undefined ? `There is no output: the run is ${state}.` : `It is ${JSON.stringify(result)}.`;
}

function textOf(result: unknown): string {
  return typeof result === "string" ? result : (JSON.stringify(result) ?? "");
}
