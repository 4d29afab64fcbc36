// agentspan runs list|show|events|tail|cancel
import { RunState as RunStateEnum } from "@agentspan/proto";
import type { AgentHandle, RunState, RunStatus } from "@agentspan/sdk";
import { approvalLines, askedOf, commandsFor } from "../approval-view.js";
import { blockedWords } from "../blocked-words.js";
import { commandName } from "../command-name.js";
import { eventLine, resultWords } from "../event-line.js";
import { moreWords, type UrlOption } from "../options.js";
import type { Output } from "../output.js";
import { listRuns } from "../run-lists.js";
import { requireCompleted } from "../run-outcome.js";
import { safeText } from "../safe-text.js";
import { withServer } from "../server-connection.js";
import { dateAndTime, span } from "../times.js";
import { untilStopped } from "../until-stopped.js";

export interface RunsListFlags extends UrlOption {
  readonly state?: readonly RunState[];
  readonly agent?: string;
  readonly limit: number;
  readonly json?: boolean;
}

export function runsList(flags: RunsListFlags, output: Output): Promise<void> {
  return withServer(flags, async (runtime) => {
    const states = (flags.state ?? []).map((state) => RunStateEnum[state]);
    const { items, more } = await listRuns(runtime, { states, agentName: flags.agent ?? "" }, flags.limit);
    if (flags.json === true) return output.json(items);
    if (items.length === 0) return output.line("No runs.");
    output.table(
      [
        ["RUN", "STATE", "AGENT", "STARTED", "WAITS FOR"],
        ...items.map((run) => [run.runId, run.state, run.agentName, dateAndTime(run.createdAt), waitsFor(run)]),
      ],
      "",
    );
    if (more) output.line(moreWords(flags.limit));
  });
}

function waitsFor({ isWaiting, blocked }: RunStatus): string {
  const workers = blocked.map((tool) => blockedWords(tool));
  return [...(isWaiting ? ["a person"] : []), ...workers].join("; ");
}

export interface RunFlags extends UrlOption {
  readonly json?: boolean;
}

export function runsShow(runId: string, flags: RunFlags, output: Output): Promise<void> {
  return withServer(flags, async (runtime) => {
    const status = await runtime.handle(runId).getStatus();
    if (flags.json === true) return output.json(status);
    showStatus(status, output);
  });
}

export interface EventsFlags extends UrlOption {
  readonly follow?: boolean;
  readonly after: number;
  readonly json?: boolean;
}

/** Those that are stored; with --follow also those that come, until the run ends. */
export function runsEvents(runId: string, flags: EventsFlags, output: Output): Promise<void> {
  return withServer(flags, async (runtime) => {
    const handle = runtime.handle(runId);
    const last = flags.follow === true ? Number.POSITIVE_INFINITY : (await handle.getStatus()).lastSequence;
    if (flags.after >= last) return;
    await untilStopped(async (signal) => {
      for await (const event of handle.stream({ after: flags.after, signal })) {
        if (flags.json === true) output.json(event, { pretty: false });
        else output.line(eventLine(event, output.columns));
        if (event.sequence >= last) break;
      }
    });
  });
}

export interface TailFlags extends UrlOption {
  /** How many of those that are stored come first. */
  readonly lines: number;
  readonly json?: boolean;
}

/** The last events and those that come, until the run ends; throws where it ends otherwise than COMPLETED. */
export function runsTail(runId: string, flags: TailFlags, output: Output): Promise<void> {
  return withServer(flags, (runtime) =>
    untilStopped(async (signal) => {
      const handle = runtime.handle(runId);
      const { lastSequence } = await handle.getStatus({ signal });
      for await (const event of handle.stream({ after: Math.max(0, lastSequence - flags.lines), signal })) {
        if (flags.json === true) output.json(event, { pretty: false });
        else output.line(eventLine(event, output.columns));
        if (flags.json === true || event.type !== "waiting" || event.sequence <= lastSequence) continue;
        for (const command of commandsFor(event.approval)) output.line(`      $ ${command}`);
      }
      requireCompleted(await handle.getStatus({ signal }));
    }),
  );
}

/** All events of a run that has ended, or so far. */
export async function showEvents(handle: AgentHandle, output: Output, signal: AbortSignal): Promise<void> {
  const { lastSequence } = await handle.getStatus({ signal });
  for await (const event of handle.stream({ signal })) {
    output.line(eventLine(event, output.columns));
    if (event.sequence >= lastSequence) break;
  }
}

export function runsCancel(
  runId: string,
  flags: RunFlags & { readonly reason?: string },
  output: Output,
): Promise<void> {
  return withServer(flags, async (runtime) => {
    const status = await runtime.handle(runId).cancel(flags.reason);
    if (flags.json === true) return output.json(status);
    if (status.isComplete) return output.line(`Cancelled ${runId}.`);
    output.line(`Cancelling ${runId}: it ends when the guarded calls that a worker has begun have ended.`);
    output.line(`Follow it with: ${commandName()} runs events ${runId} --follow`);
  });
}

export function showStatus(status: RunStatus, output: Output): void {
  const { runId, agentName, agentVersion, usage, error, output: result } = status;
  const taken =
    status.endedAt === undefined ? undefined : status.endedAt.getTime() - (status.createdAt?.getTime() ?? 0);
  const rows: (readonly string[])[] = [
    ["Run", runId],
    ["State", stateWords(status)],
    ["Agent", `${agentName} (version ${agentVersion.slice(0, 12)})`],
    ["Started", `${dateAndTime(status.createdAt)} by ${safeText(status.startedBy)}`],
    ...(taken === undefined ? [] : [["Ended", `${dateAndTime(status.endedAt)}, after ${span(taken)}`]]),
    ["Events", `${status.lastSequence}  (${commandName()} runs events ${runId})`],
    ["Tokens", `${usage.inputTokens} in, ${usage.outputTokens} out`],
    ...status.blocked.map((tool) => ["Blocked", blockedWords(tool)]),
    ...Object.entries(status.labels).map(([key, value]) => ["Label", safeText(`${key}=${value}`)]),
  ];
  output.table(rows, "");
  for (const approval of status.pendingApprovals) {
    output.line();
    output.line(
      `Waits for a person: ${askedOf(approval)}  (${approval.approvalId}, since ${dateAndTime(approval.requestedAt)})`,
    );
    for (const line of approvalLines(approval)) output.line(`  ${line}`);
    for (const command of commandsFor(approval)) output.line(`  $ ${command}`);
  }
  if (error !== undefined) output.line(`\nError: ${error.reason}: ${safeText(error.message)}`);
  if (result.result !== undefined) output.line(`\nResult: ${safeText(resultWords(result.result))}`);
}

function stateWords(status: RunStatus): string {
  const also = [
    ...(status.paused && status.state !== "PAUSED" ? ["paused"] : []),
    ...(status.ending ? ["ending"] : []),
    ...(status.isWaiting && status.state !== "WAITING" ? ["a person is waited for"] : []),
  ];
  return also.length === 0 ? status.state : `${status.state} (${also.join(", ")})`;
}
