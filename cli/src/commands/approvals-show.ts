// agentspan approvals show: one checkpoint, open or closed.
import { ApprovalService } from "@agentspan/proto";
import { type AgentRuntime, type Approval, approvalOf, type Vote } from "@agentspan/sdk";
import { approvalLines, askedOf, closedWords, commandsFor, countedVotes } from "../approval-view.js";
import { CommandError } from "../command-error.js";
import { commandName } from "../command-name.js";
import type { UrlOption } from "../options.js";
import type { Output } from "../output.js";
import { safeText } from "../safe-text.js";
import { withServer } from "../server-connection.js";
import { dateAndTime } from "../times.js";

export interface ApprovalsShowFlags extends UrlOption {
  readonly json?: boolean;
}

export function approvalsShow(
  runId: string,
  approvalId: string | undefined,
  flags: ApprovalsShowFlags,
  output: Output,
): Promise<void> {
  return withServer(flags, async (runtime) => {
    const { approval, open } = await read(runtime, runId, approvalId);
    if (flags.json === true) return output.json({ ...approval, open });
    output.table(headRows(approval, open), "");
    output.line();
    output.line(`${safeText(approval.agentName)}: ${askedOf(approval)}`);
    for (const line of approvalLines(approval)) output.line(`  ${line}`);
    if (open) for (const command of commandsFor(approval)) output.line(`  $ ${command}`);
  });
}

async function read(
  runtime: AgentRuntime,
  runId: string,
  approvalId: string | undefined,
): Promise<{ readonly approval: Approval; readonly open: boolean }> {
  const { pendingApprovals } = await runtime.handle(runId).getStatus();
  if (approvalId === undefined) {
    const [approval, ...others] = pendingApprovals;
    if (approval !== undefined && others.length === 0) return { approval, open: true };
    throw whichOne(runId, pendingApprovals);
  }
  const pending = pendingApprovals.find((one) => one.approvalId === approvalId);
  if (pending !== undefined) return { approval: pending, open: true };
  const { approval } = await runtime.client.call(ApprovalService.method.getApproval, { runId, approvalId });
  if (approval === undefined) throw new TypeError("The server answered without an approval.");
  return { approval: approvalOf(approval), open: false };
}

function whichOne(runId: string, open: readonly Approval[]): CommandError {
  if (open.length === 0) {
    const where = `Those of the past are named in: ${commandName()} runs events ${runId}`;
    return new CommandError(`Run ${runId} waits for no person. ${where}`);
  }
  const lines = open.map(({ approvalId }) => `  ${commandName()} approvals show ${runId} ${approvalId}`);
  return new CommandError(`Run ${runId} has ${open.length} of them open. Say which one:\n${lines.join("\n")}`, 2);
}

function headRows(approval: Approval, open: boolean): readonly (readonly string[])[] {
  const { approvalId, runId, callId, decision, votes } = approval;
  const counted = countedVotes(approval);
  return [
    ["Approval", approvalId],
    ["State", open ? ["open", ...(counted === "" ? [] : [counted])].join(", ") : closedWords(approval)],
    ["Run", `${runId}, call ${callId}`],
    ["Asked", dateAndTime(approval.requestedAt)],
    ...votes.map((vote) => ["Vote", voteWords(vote)]),
    ...(decision?.comment ? [["Comment", safeText(decision.comment)]] : []),
    ...approverRows(approval),
    ["Digest", approval.argumentsDigest],
  ];
}

function voteWords({ what, who, onBehalfOf, at, comment, edited }: Vote): string {
  const person = onBehalfOf === "" ? who : `${who} for ${onBehalfOf}`;
  const also = `${edited ? ", with other arguments" : ""}${comment === "" ? "" : `: ${comment}`}`;
  return `${what} by ${safeText(person)}, ${dateAndTime(at)}${safeText(also)}`;
}

function approverRows({ approvers }: Approval): readonly (readonly string[])[] {
  if (approvers === undefined) return [];
  const names = [...approvers.users, ...approvers.groups.map((group) => `group ${group}`)];
  return [["Deciders", safeText(names.join(", "))]];
}
