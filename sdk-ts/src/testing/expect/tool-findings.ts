// What may be expected of the tools that a run used.
import { KitError } from "../kit-error.js";
import type { TestedCall, TestedRun } from "../tested-run.js";
import { toolText } from "./call-words.js";
import { type Finding, timesText } from "./finding.js";
import { expectedText, matches, matchesPartly, requireComparable } from "./matches.js";
import { requireCount, requireTool, requireToolNames, untold } from "./names.js";

/** Arguments that are left out stand for any; undefined stands for a mistake. */
export function usedTool(run: TestedRun, toolName: string, ...expected: readonly [args?: unknown]): Finding {
  requireTool(run, toolName);
  const [args] = expected;
  if (expected.length > 0 && args === undefined) {
    throw new KitError(`The arguments of ${toolName} are expected to be undefined. Leave them out where any will do.`);
  }
  requireComparable(args);
  const used = usedCalls(run).filter((call) => call.toolName === toolName);
  const holds = expected.length === 0 ? used.length > 0 : used.some((call) => matches(args, call.args));
  const withArgs = expected.length === 0 ? "" : ` with ${expectedText(args)}`;
  return {
    holds,
    expected: `${toolName} to have been used${withArgs}`,
    instead: toolText(run, toolName),
    unsure: holds ? undefined : (untold(run, toolName) ?? unlike(used, args)),
  };
}

export function usedTimes(run: TestedRun, toolName: string, count: number): Finding {
  requireTool(run, toolName);
  requireCount(count, `How often ${toolName} was used`);
  const used = usedCalls(run).filter((call) => call.toolName === toolName).length;
  const unsure = untold(run, toolName);
  return {
    holds: used === count && unsure === undefined,
    expected: `${toolName} to have been used ${timesText(count)}`,
    instead: `It was used ${timesText(used)}. ${toolText(run, toolName)}`,
    unsure,
  };
}

export function toolFailed(run: TestedRun, toolName: string): Finding {
  requireTool(run, toolName);
  return {
    holds: run.calls.some((call) => call.toolName === toolName && call.used && call.outcome?.kind === "error"),
    expected: `${toolName} to have failed`,
    instead: toolText(run, toolName),
    unsure: untold(run, toolName),
  };
}

export function toolCallOrder(run: TestedRun, toolNames: readonly string[]): Finding {
  requireToolNames(run, toolNames);
  if (toolNames.length === 0) throw new KitError("No tools are in order in any run: name some.");
  const used = usedCalls(run).map(({ toolName }) => toolName);
  return {
    holds: isWithin(toolNames, used, (name, other) => name === other),
    expected: `tools to have been used in the order ${toolNames.join(", ")}`,
    instead: `They were used in the order ${used.join(", ") || "of none at all"}.`,
    unsure: toolNames.map((name) => untold(run, name)).find((why) => why !== undefined),
  };
}

export function toolsUsedExactly(run: TestedRun, toolNames: readonly string[]): Finding {
  requireToolNames(run, toolNames);
  const [used, wanted] = [new Set(usedCalls(run).map(({ toolName }) => toolName)), new Set(toolNames)];
  const missing = [...wanted].filter((name) => !used.has(name));
  const others = [...used].filter((name) => !wanted.has(name));
  const parts = [
    ...(missing.length === 0 ? [] : [`${missing.join(", ")} ${were(missing)} not used`]),
    ...(others.length === 0 ? [] : [`${others.join(", ")} ${were(others)} used as well`]),
  ];
  return {
    holds: parts.length === 0,
    expected: `exactly these tools to have been used: ${toolNames.join(", ") || "none"}`,
    instead: parts.length === 0 ? "They were." : `${parts.join(", and ")}.`,
    unsure: toolNames.map((name) => untold(run, name)).find((why) => why !== undefined),
  };
}

/** Whether the parts come in their order, whatever is between them. */
export function isWithin<P, T>(parts: readonly P[], whole: readonly T[], fit: (part: P, one: T) => boolean): boolean {
  let at = 0;
  for (const one of whole) {
    const part = parts[at];
    if (part !== undefined && fit(part, one)) at += 1;
  }
  return at === parts.length;
}

/** In the order in which they were used. */
function usedCalls({ calls }: TestedRun): readonly TestedCall[] {
  return calls.filter(({ used }) => used).sort((a, b) => (a.usedAt ?? 0) - (b.usedAt ?? 0));
}

/** Why it may have run with these arguments all the same. */
function unlike(used: readonly TestedCall[], args: unknown): string | undefined {
  if (!used.some((call) => matchesPartly(args, call.args))) return undefined;
  return "It was used with these and more: arguments are compared whole. Write down all of them, or a function of them.";
}

function were(names: readonly string[]): string {
  return names.length === 1 ? "was" : "were";
}
