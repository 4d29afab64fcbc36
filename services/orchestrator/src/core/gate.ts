// Whether a call waits for people, and why: the strictest of the definition, its rule, and the tool's owner.
import { type OwnerDemand, type ToolDefinition, toolOf } from "./agent.js";
import type { Draft } from "./draft.js";
import type { Edited, Gate, Waiting } from "./events.js";
import { strictestTerms } from "./evolve-preview.js";
import { headOf } from "./limits.js";
import type { Checkpoint } from "./run.js";

/** What is told of a rule and of what went wrong with it. UTF-16 units. */
const TOLD_UNITS = 300;

export interface Gating extends Pick<Waiting, "byRule" | "previews" | "drift"> {
  readonly gate: Gate;
  /** Why it waits for people; empty where it does not. */
  readonly reason: string;
}

export function gatingOf(draft: Draft, tool: ToolDefinition, owner: OwnerDemand | undefined, args: string): Gating {
  // Nobody runs it, so that there is nothing to approve: whatever a worker of that name demands is about something else.
  if (tool.human !== undefined) return { gate: "plain", reason: "" };
  const { required, rule } = tool.approval;
  // Nor do workers run it where a run is started: its gate is the definition's alone.
  const demand = tool.starts === undefined ? owner : undefined;
  const gated = { gate: "approval", ...looks(tool, demand) } as const;
  if (required) return { ...gated, reason: "The agent's definition requires approval." };
  const ruled = rule === undefined ? undefined : reasonByRule(draft, rule, args);
  if (demand?.approval === true) return { ...gated, reason: ruled ?? OWNERS_WORD };
  if (ruled !== undefined) return { ...gated, reason: ruled, byRule: true };
  return { gate: tool.once || demand?.once === true ? "once" : "plain", reason: "" };
}

/** Of a call that was not gated until its owner asked, at a claim. */
export function gatingAtClaim({ context }: Draft, tool: string, owner: OwnerDemand): Gating {
  return { gate: "approval", reason: OWNERS_WORD, ...looks(toolOf(context.agent, tool), owner) };
}

/** Whether people are shown what the call would do. */
function looks(tool: ToolDefinition | undefined, owner: OwnerDemand | undefined): Pick<Gating, "previews"> {
  // No worker could look at what a run would do that is to be started.
  const previews = tool?.starts === undefined ? strictestTerms(tool?.preview, owner?.preview) : undefined;
  return previews === undefined ? {} : { previews };
}

const OWNERS_WORD = "The tool's owner requires approval.";

/** Undefined where the rule does not ask for people. */
function reasonByRule({ context, run }: Draft, rule: string, args: string): string | undefined {
  const { asks, problem } = context.text.ruleVerdict(rule, { arguments: args, labels: run.labels });
  if (problem !== undefined) {
    return `The agent's rule could not be applied, so that approval is required: ${headOf(problem, TOLD_UNITS)}`;
  }
  return asks ? `The agent's rule requires approval: ${headOf(rule, TOLD_UNITS)}` : undefined;
}

/**
 * Arguments that a person edited, with what the rule says of them. They are `spared` further votes where nothing but the
 * rule asked for people, and of these it does not: the model could have called with them without anybody.
 */
export function afterEdit(
  draft: Draft,
  { tool, byRule }: Checkpoint,
  edited: Edited,
): { readonly edited: Edited; readonly spared: boolean } {
  const rule = toolOf(draft.context.agent, tool)?.approval.rule;
  const required = toolOf(draft.context.agent, tool)?.approval.required === true;
  if (rule === undefined || required) return { edited, spared: false };
  const reason = reasonByRule(draft, rule, edited.arguments);
  if (reason === undefined) return { edited, spared: byRule === true };
  return { edited: { ...edited, reason }, spared: false };
}
