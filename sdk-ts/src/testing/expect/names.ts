// What a test names: a tool, an event or a state that there is not is misspelt, and then "it was not used" says nothing.

import { shown } from "../../option-check.js";
import type { RunState } from "../../run-status.js";
import { KitError } from "../kit-error.js";
import type { TestedEvent, TestedRun } from "../tested-run.js";
import { requireComparable } from "./matches.js";

/** An event by its type, or by any of its fields. */
export type EventPattern =
  | TestedEvent["type"]
  | ({ readonly type: TestedEvent["type"] } & Readonly<Record<string, unknown>>);

const STATES: Readonly<Record<RunState, true>> = {
  ...{ RUNNING: true, WAITING: true, PAUSED: true, COMPLETED: true, FAILED: true, CANCELLED: true, TIMED_OUT: true },
  UNSPECIFIED: true,
};

const REASONS = new Set([
  ...["MAX_TURNS", "MODEL_FAILED", "TOKEN_BUDGET", "SIZE_LIMIT", "DEADLINE", "APPROVAL_EXPIRED", "TOOL_FAILED"],
  "CANCELLED",
]);

const EVENTS: Readonly<Record<TestedEvent["type"], true>> = {
  ...{ run_started: true, model_replied: true, tool_call: true, tool_started: true, tool_result: true },
  ...{ probing: true, probe_answered: true, preview_asked: true, preview_taken: true, check_wanted: true },
  ...{ waiting: true, voted: true, decided: true, checkpoint_closed: true, child_started: true, child_reported: true },
  ...{ escalated: true, reminded: true, paused: true, resumed: true, warning: true, late_outcome: true, error: true },
  ...{ ending: true, done: true, failed: true, cancelled: true, timed_out: true, delta: true, unknown: true },
  ...{ thinking: true, message: true, handoff: true, guardrail_pass: true, guardrail_fail: true },
};

/** Throws KitError where neither the agent, nor one that it starts runs of, nor the model knows the tool. */
export function requireTool({ agentName, calls, childRuns, tools }: TestedRun, toolName: string): void {
  if (typeof toolName !== "string") throw new KitError(`A tool is named by its name, not by ${shown(toolName)}.`);
  if (tools === undefined || calls.some((call) => call.toolName === toolName)) return;
  if ([tools.own, ...Object.values(tools.below)].some((names) => names.includes(toolName))) return;
  // What an agent has that is known by its name only, nobody can tell.
  if (childRuns.some((child) => tools.below[child.agentName] === undefined)) return;
  throw new KitError(`The agent ${agentName} has no tool ${toolName}; it has ${tools.own.join(", ") || "none"}.`);
}

export function requireToolNames(run: TestedRun, toolNames: readonly string[]): void {
  if (!Array.isArray(toolNames)) throw new KitError(`Names of tools are given as a list, not as ${shown(toolNames)}.`);
  for (const name of toolNames) requireTool(run, name);
}

/**
 * Why this run does not tell what became of a tool: only an agent of which it started runs has it. Undefined where it
 * does.
 */
export function untold(run: TestedRun, toolName: string): string | undefined {
  const { calls, childRuns, tools } = run;
  if (tools?.own.includes(toolName) || calls.some((call) => call.toolName === toolName)) return undefined;
  const having = childRuns.filter(({ agentName }) => tools?.below[agentName]?.includes(toolName) ?? true);
  if (having.length === 0) return undefined;
  return `${toolName} is no tool of ${run.agentName}: what became of it is told by the runs that this one started. ${lookAt(having)}`;
}

/** Why this run does not tell all that people did; undefined where it does. */
export function untoldPeople({ childRuns }: TestedRun): string | undefined {
  if (childRuns.length === 0) return undefined;
  return `What people did in the runs that this one started is told by those. ${lookAt(childRuns)}`;
}

function lookAt(runs: TestedRun["childRuns"]): string {
  const ways = runs.map(({ runId, agentName }) => `await kit.tested("${runId}") for ${agentName}`);
  return `Look at ${ways.join(", ")}.`;
}

export function requireState(state: string): void {
  requireKnown("state of a run", state, Object.keys(STATES));
}

export function requireReason(reason: string): void {
  requireKnown("reason of a run to fail", reason, [...REASONS]);
}

export function requireEvents(run: TestedRun, patterns: readonly EventPattern[]): void {
  if (!Array.isArray(patterns)) throw new KitError(`Events are given as a list, not as ${shown(patterns)}.`);
  if (patterns.length === 0) throw new KitError("No events are in order in any run: name some.");
  for (const pattern of patterns) requireEvent(run, pattern);
}

/** Throws KitError where no event of this type can have these fields. */
export function requireEvent({ events }: TestedRun, pattern: EventPattern): void {
  const type = typeof pattern === "string" ? pattern : pattern?.type;
  requireKnown("type of event", type, Object.keys(EVENTS));
  if (typeof pattern === "string") return;
  requireComparable(pattern);
  const known = new Set(events.filter((event) => event.type === type).flatMap((event) => Object.keys(event)));
  const missing = Object.keys(pattern).find((key) => !known.has(key));
  if (known.size === 0 || missing === undefined) return;
  throw new KitError(`An event of type ${type} has no field ${missing}; it has ${[...known].join(", ")}.`);
}

export function requireCount(count: number, what: string): void {
  if (!Number.isInteger(count) || count < 0)
    throw new KitError(`${what} is a whole number, 0 or more: not ${shown(count)}.`);
}

export function requireKnown(what: string, name: unknown, known: readonly string[]): void {
  if (typeof name === "string" && known.includes(name)) return;
  throw new KitError(`There is no ${what} ${shown(name)}; there are ${known.join(", ")}.`);
}
