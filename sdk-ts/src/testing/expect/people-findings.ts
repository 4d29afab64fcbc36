// What may be expected of people: what a run asked them, and what they did about it.
import type { TestedCall, TestedDecision, TestedRun } from "../tested-run.js";
import { toolText } from "./call-words.js";
import type { Finding } from "./finding.js";
import { expectedText, matches, requireComparable } from "./matches.js";
import { requireTool, untold, untoldPeople } from "./names.js";

/** A run waits for what those wait for that it started, too: for all of it that is told before it is decided. */
export function paused(run: TestedRun, toolName?: string): Finding {
  if (toolName !== undefined) requireTool(run, toolName);
  const below = run.events.filter((event) => event.type === "waiting" && event.childRunId !== "");
  const waited = [...run.calls.filter((call) => call.paused), ...below];
  const whom = toolName === undefined ? "for a person" : `for a person to decide ${toolName}`;
  return {
    holds: waited.some((one) => toolName === undefined || ("toolName" in one && one.toolName === toolName)),
    expected: `the run to have waited ${whom}`,
    instead: toolText(run, toolName),
    unsure: toolName === undefined ? untoldPeople(run) : untold(run, toolName),
  };
}

/** By their vote, where several must agree. What a standing grant allowed, no person approved. */
export function approved(run: TestedRun, toolName?: string, by?: string): Finding {
  const fits = ({ decisions, votes }: TestedCall) => {
    const approvals = decisions.filter(({ outcome, byGrant }) => outcome === "APPROVED" && !byGrant);
    if (by === undefined) return approvals.length > 0;
    return [...approvals, ...votes.filter(({ outcome }) => outcome === "APPROVED")].some((one) => one.by === by);
  };
  return ofCalls(run, toolName, fits, `${by ?? "a person"} to have approved ${toolName ?? "a call"}`);
}

export function allowedByGrant(run: TestedRun, toolName?: string): Finding {
  const fits = ({ decisions }: TestedCall) => decisions.some(({ byGrant }) => byGrant);
  return ofCalls(run, toolName, fits, `a standing grant to have allowed ${toolName ?? "a call"}`);
}

export function rejected(run: TestedRun, toolName?: string, reason?: string | RegExp): Finding {
  requireComparable(reason);
  const finding = decidedAs(run, toolName, "rejected", (made) => made.outcome === "REJECTED");
  if (reason === undefined || !finding.holds) return finding;
  const fits = (made: TestedDecision) => made.outcome === "REJECTED" && matches(reason, made.comment);
  return decidedAs(run, toolName, "rejected", fits, ` for ${expectedText(reason)}`);
}

export function answered(run: TestedRun, toolName?: string): Finding {
  return decidedAs(run, toolName, "answered", (made) => made.outcome === "RESPONDED");
}

export function expired(run: TestedRun, toolName?: string): Finding {
  return ofCalls(run, toolName, (call) => call.expired, `nobody to have decided ${toolName ?? "a call"} in time`);
}

function decidedAs(
  run: TestedRun,
  toolName: string | undefined,
  how: string,
  fits: (made: TestedDecision) => boolean,
  more = "",
): Finding {
  const expected = `a person to have ${how} ${toolName ?? "a call"}${more}`;
  return ofCalls(run, toolName, ({ decisions }) => decisions.some(fits), expected);
}

function ofCalls(
  run: TestedRun,
  toolName: string | undefined,
  fits: (call: TestedCall) => boolean,
  expected: string,
): Finding {
  if (toolName !== undefined) requireTool(run, toolName);
  const calls = run.calls.filter((call) => toolName === undefined || call.toolName === toolName);
  const unsure = toolName === undefined ? untoldPeople(run) : untold(run, toolName);
  return { holds: calls.some(fits), expected, instead: toolText(run, toolName), unsure };
}
