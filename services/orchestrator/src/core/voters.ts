// Who may decide a checkpoint. Persons are compared, never keys: whoever a delegate speaks for is the person.
import { type ApprovalPolicy, type Approvers, toolOf } from "./agent.js";
import { type Checkpoint, personOf, type Speaker } from "./checkpoint.js";
import { approversOf } from "./checkpoint-time.js";
import type { Decide, Rejection } from "./commands.js";
import { type Draft, reject } from "./draft.js";
import type { Run } from "./run.js";

/** Somebody who decides, as far as it is known who they are. */
export interface Voter extends Speaker {
  /** Of `who`, by its credential. */
  readonly groups: readonly string[];
  readonly authenticated: boolean;
}

/** Why somebody may not say this of a checkpoint; undefined where they may. */
export function voterRefusal({ context, run }: Draft, command: Decide, checkpoint: Checkpoint): Rejection | undefined {
  const policy = toolOf(context.agent, checkpoint.tool)?.approval;
  const { approvalId, tool } = checkpoint;
  const approvers = approversOf(policy, checkpoint);
  if (approvers !== undefined && !isOneOf(approvers, command)) {
    const message = `Approval ${approvalId} of run ${run.runId} is for ${told(approvers)} to decide, not for ${personOf(command)}.`;
    return reject("PERMISSION_DENIED", message);
  }
  // Whoever started a run may take it back: a rejection lets nothing happen, and they could cancel the run as well. Nor
  // does an answer let anything happen, and who asked for something often is who knows more about it.
  if (command.verdict.kind === "reject" || checkpoint.kind === "QUESTION" || !decidesOwn(run, policy, command))
    return undefined;
  const message = `Whoever asks started run ${run.runId}, and what tool ${tool} does in it takes the word of somebody else.`;
  return reject("SELF_APPROVAL", message);
}

/** Groups count for whoever speaks for itself: those of a delegate are not those of the person it speaks for. */
export function isOneOf(approvers: Approvers, voter: Pick<Voter, "who" | "onBehalfOf" | "groups">): boolean {
  return approvers.users.includes(personOf(voter)) || sharedGroup(approvers, voter) !== undefined;
}

/** The group by which somebody is one of those who may decide; absent where it takes none. */
export function byGroup(approvers: Approvers | undefined, voter: Voter): { readonly group?: string } {
  if (approvers === undefined || approvers.users.includes(personOf(voter))) return {};
  const group = sharedGroup(approvers, voter);
  return group === undefined ? {} : { group };
}

function sharedGroup({ groups }: Approvers, voter: Pick<Voter, "onBehalfOf" | "groups">): string | undefined {
  return voter.onBehalfOf === undefined ? voter.groups.find((group) => groups.includes(group)) : undefined;
}

/**
 * Whether somebody decides over what they asked for themselves, and the policy refuses that. The person for whom a
 * delegate started the run, and the delegate itself, are its starters; a starter who speaks for another is one still.
 * Where nobody is known, nobody is refused.
 */
export function decidesOwn(
  run: Pick<Run, "startedBy" | "onBehalfOf">,
  policy: ApprovalPolicy | undefined,
  voter: Omit<Voter, "groups">,
): boolean {
  if (!voter.authenticated || policy?.selfApproval === true) return false;
  const starter = { who: run.startedBy, ...(run.onBehalfOf === undefined ? {} : { onBehalfOf: run.onBehalfOf }) };
  const person = personOf(voter);
  return person === run.startedBy || person === run.onBehalfOf || voter.who === personOf(starter);
}

/** Whoever may decide, in words. */
export function told({ users, groups }: Approvers): string {
  const named = [...users, ...groups.map((group) => `the group ${group}`)];
  return named.length === 0 ? "nobody" : named.join(", ");
}
