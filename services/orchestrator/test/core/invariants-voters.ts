// Invariants of who may decide, read from the definition and the record without the core.
import type { Act, ApprovalPolicy, Approvers, Decide, Run } from "../../src/core/index.js";
import { definedPolicy } from "./explored-agent.js";
import { type Invariants, Violation, type Watcher } from "./explored-run.js";

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
      const question = before.checkpoints[fact.approvalId]?.kind === "QUESTION";
      const allowed = question && policy !== undefined ? { ...policy, selfApproval: true as const } : policy;
      const problem = problemOf(before, allowed, approversBy(fact, policy, run), command);
      if (problem !== undefined) throw new Violation(27, `${fact.approvalId} was ${fact.outcome}: ${problem}`);
    }
    if (result.type !== "rejection" || result.reason !== "SELF_APPROVAL") return;
    const named = command.approvalId === undefined ? undefined : before.checkpoints[command.approvalId];
    const lets = command.verdict.kind !== "reject" && named?.kind !== "QUESTION";
    if (!command.authenticated || !lets || !isStarter(before, command))
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

/**
 * 30: a standing grant decides as its maker could have: where one vote is enough and nobody must have seen the very
 * arguments, by an approver who did not start the run, for arguments that its rule is true of, while it lasts. Each use
 * that was taken lets one call run at most.
 */
export function grantsDecideAsTheirMakers(): Invariants {
  const used = new Set<string>();
  return ({ agent, events: record }, { before, command, events, context }) => {
    for (const { fact, at } of events) {
      if (fact.type !== "decided" || fact.ground === undefined) continue;
      const uses = command.type === "take_model_reply" ? (command.grants ?? {}) : {};
      const use = Object.hasOwn(uses, fact.callId) ? uses[fact.callId] : undefined;
      const call = record.findLast((event) => event.fact.type === "tool_call" && event.fact.callId === fact.callId);
      if (use === undefined || call?.fact.type !== "tool_call" || before === undefined)
        throw new Violation(30, `${fact.approvalId} was decided by no grant`);
      const policy = definedPolicy(agent, call.fact.tool);
      if (policy === undefined || policy.votesRequired > 1 || policy.explicit)
        throw new Violation(30, `${call.fact.tool} takes no grants`);
      const asked: Decide = {
        ...{ type: "decide", decisionId: "", requestHash: "", comment: "", verdict: { kind: "approve" } },
        ...use.by,
      };
      const problem = problemOf(before, policy, { act: fact, approvers: policy.approvers }, asked);
      if (problem !== undefined) throw new Violation(30, `${fact.approvalId}: ${problem}`);
      if (use.expiresAt <= Math.max(context.now, at)) throw new Violation(30, `${fact.approvalId}: the grant is over`);
      const { n } = JSON.parse(call.fact.arguments) as { n: number };
      if (use.rule === "args.missing > 1" || (use.rule === "args.n < 40" && n >= 40))
        throw new Violation(30, `${use.rule} is not true of ${call.fact.arguments}`);
      const key = `${fact.ground.grantId}/${fact.ground.use}`;
      if (used.has(key) || fact.ground.use !== use.use) throw new Violation(30, `use ${key} was used again`);
      used.add(key);
    }
  };
}

export const VOTERS: readonly Watcher[] = [
  [[27], onlyApproversDecide],
  [[30], grantsDecideAsTheirMakers],
];
