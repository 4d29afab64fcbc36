// Whether a call waits for people, and why: the strictest of the definition, its rule, and the tool's owner.
import { type OwnerDemand, type ToolDefinition, toolOf } from "./agent.js";
import type { Checkpoint } from "./checkpoint.js";
import type { Draft, RuleInput, TextFunctions } from "./draft.js";
import type { Edited, Gate, Waiting } from "./events.js";
import { strictestTerms } from "./evolve-preview.js";
import { headOf } from "./limits.js";

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
  // Nor do workers run it where a run is started: its gate is the definition's alone.
  const demand = tool.starts === undefined ? owner : undefined;
  const gated = { gate: "approval", ...looks(tool, demand) } as const;
  const asked = definitionAsks(tool, draft.context.text, { arguments: args, labels: draft.run.labels });
  if (asked?.byRule === false) return { ...gated, reason: asked.reason };
  if (demand?.approval === true) return { ...gated, reason: asked?.reason ?? OWNERS_WORD };
  if (asked !== undefined) return { ...gated, reason: asked.reason, byRule: true };
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

/** Why a definition by itself asks for people before these arguments may run; undefined where it does not. */
export function definitionAsks(
  { approval: { required, rule } }: ToolDefinition,
  text: Pick<TextFunctions, "ruleVerdict">,
  input: RuleInput,
): { readonly reason: string; readonly byRule: boolean } | undefined {
  if (required) return { reason: "The agent's definition requires approval.", byRule: false };
  const reason = rule === undefined ? undefined : reasonByRule(text, rule, input);
  return reason === undefined ? undefined : { reason, byRule: true };
}

/** Undefined where the rule does not ask for people. */
function reasonByRule(text: Pick<TextFunctions, "ruleVerdict">, rule: string, input: RuleInput): string | undefined {
  const { asks, problem } = text.ruleVerdict(rule, input);
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
  const { context, run } = draft;
  const definition = toolOf(context.agent, tool);
  if (definition?.approval.rule === undefined) return { edited, spared: false };
  const asked = definitionAsks(definition, context.text, { arguments: edited.arguments, labels: run.labels });
  if (asked === undefined) return { edited, spared: byRule === true };
  return { edited: asked.byRule ? { ...edited, reason: asked.reason } : edited, spared: false };
}
