import type { RunStatus } from "@agentspan/proto";
import type { RunEvent } from "../core/index.js";
import { encodeSummary } from "../encode/run.js";
import type { StoredRun } from "../ports.js";
import type { RequestContext } from "./context.js";
import { pendingApprovals } from "./open-approvals.js";

/** The whole status of a run. */
export async function statusOf(
  context: Pick<RequestContext, "history" | "blocked" | "agents" | "store" | "unreadable">,
  stored: StoredRun,
): Promise<RunStatus> {
  const { run } = stored;
  const status = await summaryOf(context, stored);
  status.pendingApprovals = [...(await pendingApprovals(context, stored))];
  if (run.phase.kind === "ended") status.outputJson = outputOf(await context.history.at(stored, run.phase.sequence));
  return status;
}

/** What lists show: without the approvals and the output. */
export async function summaryOf({ blocked }: Pick<RequestContext, "blocked">, { run }: StoredRun): Promise<RunStatus> {
  const status = encodeSummary(run);
  status.blocked = [...(await blocked.of(run))];
  status.blockedOn = status.blocked.map(({ toolName }) => toolName);
  return status;
}

function outputOf(terminal: RunEvent | undefined): string {
  return terminal?.fact.type === "ended" && terminal.fact.end.state === "COMPLETED" ? terminal.fact.end.output : "";
}
