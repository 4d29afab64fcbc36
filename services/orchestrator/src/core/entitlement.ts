// Whether a call may run by its definition, asked anew when it is about to: of the definition, the arguments and the acts
// of people alone, for whoever believes these and not the state, which somebody may have changed since.
import {
  type Agent,
  type AgentRef,
  type ApprovalPolicy,
  type Approvers,
  type ToolDefinition,
  toolOf,
} from "./agent.js";
import { personOf } from "./checkpoint.js";
import { approversOf } from "./checkpoint-time.js";
import type { RuleInput, TextFunctions } from "./draft.js";
import type { Decided, Voted } from "./events.js";
import { definitionAsks } from "./gate.js";
import type { Call, Run } from "./run.js";
import { takesGrants } from "./standing-grant.js";
import { decidesOwn, isOneOf } from "./voters.js";

export interface AboutToRun {
  readonly agent: Agent;
  readonly run: Pick<Run, "startedBy" | "onBehalfOf" | "labels">;
  readonly call: Pick<Call, "tool" | "queue" | "starts">;
  /** RFC 8785 text of what is to run. */
  readonly arguments: string;
  /** The votes and, last, the decision that let it run; none where nobody was asked. */
  readonly acts: readonly (Voted | Decided)[];
  readonly text: Pick<TextFunctions, "ruleVerdict">;
}

/** Why a call may not run, in words that follow "because"; undefined where it may. */
export function entitlementProblem({ agent, run, call, arguments: args, acts, text }: AboutToRun): string | undefined {
  const tool = toolOf(agent, call.tool);
  if (tool === undefined) return "its agent has no such tool";
  if (tool.human !== undefined) return "it is for a person to answer";
  if (tool.queue !== call.queue) return "its tool is served by others";
  if (!isSameAgent(tool.starts, call.starts)) return "its tool starts something else";
  const input = { arguments: args, labels: run.labels };
  const decided = acts.at(-1);
  if (decided === undefined) {
    const asked = definitionAsks(tool, text, input);
    return asked && "its agent's definition asks for people, and nobody decided";
  }
  if (decided.type === "decided" && decided.ground !== undefined && !takesGrants(tool)) {
    return "no standing grant decides what its tool does";
  }
  if (new Set(acts.map(personOf)).size < votesRequired(tool, decided, text, input)) return "it has too few votes";
  for (const act of acts) {
    if (!mayDecide(tool.approval, act)) return `it was not for ${personOf(act)} to decide`;
    if (decidesOwn(run, tool.approval, { ...act, authenticated: isAuthenticated(act) })) {
      return `${personOf(act)} asked for it too`;
    }
  }
  return undefined;
}

/** One vote is enough for arguments that a person put in, where nothing but the rule asks for people, and not of these. */
function votesRequired(
  tool: ToolDefinition,
  decided: Voted | Decided,
  text: AboutToRun["text"],
  input: RuleInput,
): number {
  const { rule, votesRequired } = tool.approval;
  const edited = decided.edited !== undefined && rule !== undefined;
  return edited && definitionAsks(tool, text, input) === undefined ? 1 : votesRequired;
}

/** Whether an approval went to others in time is not asked: both are named by the definition. */
function mayDecide(policy: ApprovalPolicy, act: Voted | Decided): boolean {
  const lists = [approversOf(policy, {}), ...(policy.expiry?.action === "escalate" ? [policy.expiry.to] : [])];
  return lists.some((approvers) => approvers === undefined || isAdmitted(approvers, act));
}

function isAdmitted(approvers: Approvers, { group, ...act }: Voted | Decided): boolean {
  return isOneOf(approvers, { ...act, groups: group === undefined ? [] : [group] });
}

/** A standing grant decides in its maker's name, who is somebody wherever callers are known. */
function isAuthenticated({ who, via }: Voted | Decided): boolean {
  return via !== undefined && via.method !== "none" && who !== NOBODY;
}

/** Whoever asks while authentication is off. */
const NOBODY = "anonymous";

function isSameAgent(one: AgentRef | undefined, other: AgentRef | undefined): boolean {
  return one?.agentName === other?.agentName && one?.agentVersion === other?.agentVersion;
}
