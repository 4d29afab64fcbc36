// Invariants of who may decide, read from the definition and the record without the core.
import type { Act, ApprovalPolicy, Approvers, Decide, Run } from "../../src/core/index.js";
import { definedPolicy } from "./explored-agent.js";
import { type Invariants, Violation } from "./explored-run.js";

/**
 * 27: whoever decides is one of the approvers; and, where it is known who they are, whoever started the run lets nothing
 * happen in it, unless the policy allows that. Nobody else is refused for it.
 */
export function onlyApproversDecide(): Invariants {
  return ({ agent }, { before, command, events, result, run }) => {
    if (command.type !== "decide" || before === undefined) return;
    for (const { fact } of events) {
      if (fact.type !== "voted" && fact.type !== "decided") continue;
      const policy = definedPolicy(agent, before.checkpoints[fact.approvalId]?.tool ?? "");
      const problem = problemOf(before, policy, approversBy(fact, policy, run), command);
      if (problem !== undefined) throw new Violation(27, `${fact.approvalId} was ${fact.outcome}: ${problem}`);
    }
    if (result.type !== "rejection" || result.reason !== "SELF_APPROVAL") return;
    if (!command.authenticated || command.verdict.kind === "reject" || !isStarter(before, command))
      throw new Violation(27, `${command.who} was refused as if it had started the run`);
  };
}

function problemOf(
  run: Run,
  policy: ApprovalPolicy | undefined,
  { act, approvers }: { act: Act; approvers: Approvers | undefined },
  asked: Decide,
): string | undefined {
  const { who, onBehalfOf, groups, authenticated } = asked;
  if (act.who !== who || act.onBehalfOf !== onBehalfOf) return "it says somebody else did it";
  if (approvers !== undefined) {
    const named = approvers.users.includes(onBehalfOf ?? who);
    const inGroup = onBehalfOf === undefined && approvers.groups.some((group) => groups.includes(group));
    if (!named && !inGroup) return `${onBehalfOf ?? who} is no approver`;
  }
  const own = authenticated && policy?.selfApproval !== true && act.outcome !== "rejected";
  return own && isStarter(run, asked) ? `${onBehalfOf ?? who} started the run` : undefined;
}

/** Once it went to others, it is theirs. */
function approversBy(
  act: Act,
  policy: ApprovalPolicy | undefined,
  after: Run | undefined,
): { act: Act; approvers: Approvers | undefined } {
  const escalated = after?.checkpoints[act.approvalId]?.escalated !== undefined;
  const expiry = policy?.expiry;
  return { act, approvers: escalated && expiry?.action === "escalate" ? expiry.to : policy?.approvers };
}

function isStarter({ startedBy, onBehalfOf: startedFor }: Run, { who, onBehalfOf }: Decide): boolean {
  const starters = startedFor === undefined ? [startedBy] : [startedBy, startedFor];
  return starters.includes(onBehalfOf ?? who) || who === (startedFor ?? startedBy);
}

export const VOTERS: readonly (() => Invariants)[] = [onlyApproversDecide];
