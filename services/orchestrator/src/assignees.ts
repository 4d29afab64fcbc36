// For whom open checkpoints are: who may decide each, as the policy of its tool says by now.
import { type Agent, type Approvers, approversOf, openCheckpoints, type Run, toolOf } from "./core/index.js";
import type { Assignee, OpenQuery } from "./ports.js";
import { groupToken, type OpenCheckpoint, userToken } from "./run-index.js";

/** Of the open checkpoints of a run, by approval; those that anybody may decide are left out. */
export function openApprovers(run: Run, agent: Agent): Readonly<Record<string, Approvers>> {
  return Object.fromEntries(
    openCheckpoints(run).flatMap((checkpoint) => {
      const approvers = approversOf(toolOf(agent, checkpoint.tool)?.approval, checkpoint);
      return approvers === undefined ? [] : [[checkpoint.approvalId, approvers]];
    }),
  );
}

/** Whether this person, or somebody of one of the groups, may decide; anybody may where no approvers are named. */
export function isFor(approvers: Approvers | undefined, { person, groups }: Assignee): boolean {
  if (approvers === undefined) return true;
  const { users, groups: named } = approvers;
  return (person !== undefined && users.includes(person)) || groups.some((group) => named.includes(group));
}

/** As an index has them. */
export function tokensOf({ person, groups }: Assignee): readonly string[] {
  return [...(person === undefined ? [] : [userToken(person)]), ...groups.map(groupToken)];
}

/** Whether an open checkpoint, as it stands in the index, is one of those asked for. */
export function isAsked(one: OpenCheckpoint, { kinds, tool, assignee }: OpenFilter): boolean {
  return (
    (kinds.length === 0 || kinds.includes(one.kind)) &&
    (tool === undefined || one.tool === tool) &&
    (assignee === undefined || one.for === undefined || tokensOf(assignee).some((token) => one.for?.includes(token)))
  );
}

export type OpenFilter = Pick<OpenQuery, "kinds" | "tool" | "assignee">;
