// agentspan approvals list
import { Limits } from "@agentspan/internal";
import { approvalLines, askedOf, commandsFor, countedVotes } from "../approval-view.js";
import { moreWords, type UrlOption } from "../options.js";
import type { Output } from "../output.js";
import { listApprovals } from "../run-lists.js";
import { safeText } from "../safe-text.js";
import { withServer } from "../server-connection.js";
import { dateAndTime, span } from "../times.js";

export interface ApprovalsListFlags extends UrlOption {
  readonly tool?: string;
  readonly agent?: string;
  readonly run?: string;
  readonly mine?: boolean;
  readonly assignee?: string;
  readonly group?: readonly string[];
  readonly limit: number;
  readonly json?: boolean;
}

export function approvalsList(flags: ApprovalsListFlags, output: Output): Promise<void> {
  return withServer(flags, async (runtime) => {
    const filters = {
      ...{ toolName: flags.tool ?? "", agentName: flags.agent ?? "", runId: flags.run ?? "" },
      ...{ mine: flags.mine === true, assignee: flags.assignee ?? "", assigneeGroups: [...(flags.group ?? [])] },
      withTotal: flags.json !== true,
    };
    const { items, more, total } = await listApprovals(runtime, filters, flags.limit);
    if (flags.json === true) return output.json(items);
    if (items.length === 0) return output.line("Nothing waits for a person.");
    for (const [i, approval] of items.entries()) {
      if (i > 0) output.line();
      const { requestedAt, agentName } = approval;
      const waited = requestedAt === undefined ? "" : `, for ${span(Date.now() - requestedAt.getTime())}`;
      const since = `since ${dateAndTime(requestedAt)}${waited}`;
      const about = [since, countedVotes(approval)].filter((part) => part !== "").join(", ");
      output.line(`${safeText(agentName)}: ${askedOf(approval)}  (${about})`);
      for (const line of approvalLines(approval)) output.line(`  ${line}`);
      for (const command of commandsFor(approval)) output.line(`  $ ${command}`);
    }
    if (more) output.line(`\n${items.length} of ${countWords(total)}. ${moreWords(flags.limit)}`);
  });
}

/** The server counts so far and no further. */
function countWords(total = 0): string {
  return total >= Limits.countedApprovals ? `${Limits.countedApprovals} or more` : String(total);
}
