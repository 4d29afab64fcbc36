// Standing grants: what people allowed beforehand, for some arguments, for a time, a number of times.
import { type ToolDefinition, toolOf } from "./agent.js";
import { approversOf } from "./checkpoint-time.js";
import type { GrantUse } from "./commands.js";
import type { Draft } from "./draft.js";
import type { Call } from "./run.js";
import { byGroup, decidesOwn, isOneOf } from "./voters.js";

/** What of a tool's policy lets nobody decide beforehand: several people, or the very arguments as they were shown. */
export function takesGrants({ approval, human }: ToolDefinition): boolean {
  return human === undefined && approval.votesRequired === 1 && !approval.explicit;
}

/** Whether a use of a grant lets a call run: as if its maker approved it now. */
export function grantFits(draft: Draft, { tool: name }: Pick<Call, "tool">, args: string, use: GrantUse): boolean {
  const { context, run, now } = draft;
  const tool = toolOf(context.agent, name);
  if (tool === undefined || !takesGrants(tool) || use.expiresAt <= now) return false;
  const approvers = approversOf(tool.approval, {});
  if (approvers !== undefined && !isOneOf(approvers, use.by)) return false;
  if (decidesOwn(run, tool.approval, use.by)) return false;
  if (use.rule === "") return true;
  const { asks, problem } = context.text.ruleVerdict(use.rule, { arguments: args, labels: run.labels });
  return asks && problem === undefined;
}

/** The decision of a grant, in its maker's name. */
export function decideByGrant(draft: Draft, { callId, tool }: Call, { by, grantId, version, use }: GrantUse): void {
  draft.emit({
    type: "decided",
    approvalId: `apr_${callId}_${draft.context.entropy}`,
    callId,
    // Which nobody can have used before.
    decisionId: `${grantId}_${use}_${draft.context.entropy}`,
    requestHash: version,
    who: by.who,
    ...(by.onBehalfOf === undefined ? {} : { onBehalfOf: by.onBehalfOf }),
    outcome: "approved",
    comment: "",
    via: { method: "grant", credentialId: `${grantId}#${use}`, address: "" },
    ...byGroup(toolOf(draft.context.agent, tool)?.approval.approvers, by),
    ground: { grantId, version, use },
  });
}
