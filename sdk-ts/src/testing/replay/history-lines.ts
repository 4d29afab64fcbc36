// Reads a run's history off a server, as the lines of a file.
import { AgentService, type Event, RunService } from "@agentspan/proto";
import type { AgentRuntime } from "../../agent-runtime.js";
import type { RunStatus } from "../../run-status.js";
import { eventLine, HistoryError, headLine } from "./history-file.js";

export interface HistoryLinesOptions {
  /** Also of a run that has not ended. */
  readonly soFar?: boolean;
  /** Who is written down as having exported it; "anonymous" unless said. */
  readonly exportedBy?: string;
}

/** What a history has, beside its lines. */
export interface HistoryCount {
  events: number;
  runs: number;
}

/**
 * A run, and then those that it started, in the order in which it did: each a head line and its events, gapless. Throws
 * HistoryError for a run that has not ended, unless `soFar`, and for a gap; and AgentspanError as the server does.
 */
export async function* historyLines(
  runtime: AgentRuntime,
  runId: string,
  { soFar = false, exportedBy = "anonymous" }: HistoryLinesOptions = {},
  count: HistoryCount = { events: 0, runs: 0 },
): AsyncGenerator<string> {
  const status = await runtime.handle(runId).getStatus();
  if (!status.isComplete && !soFar) {
    throw new HistoryError(`Run ${runId} has not ended: it is ${status.state}. What there is of it must be asked for.`);
  }
  count.runs += 1;
  yield await headOf(runtime, status, exportedBy);
  const started: string[] = [];
  for await (const event of eventsOf(runtime, status)) {
    count.events += 1;
    yield eventLine(event);
    const { case: kind, value } = event.event;
    if (kind === "childStarted") started.push(value.childRunId);
  }
  for (const child of started) yield* historyLines(runtime, child, { soFar, exportedBy }, count);
}

async function headOf(runtime: AgentRuntime, status: RunStatus, exportedBy: string): Promise<string> {
  const { runId, parentRunId, agentName, agentVersion } = status;
  const asked = { name: agentName, version: agentVersion };
  const { agent } = await runtime.client.call(AgentService.method.getAgent, asked);
  if (agent === undefined) throw new HistoryError(`The server has no definition of ${agentName} for run ${runId}.`);
  return headLine({
    ...{ runId, parentRunId, agentName, agentVersion, exportedBy },
    events: status.lastSequence,
    ended: status.isComplete,
    exportedAt: new Date().toISOString(),
    definition: agent,
  });
}

/** Each of them, from 1 to where the run stood when it was looked at. */
async function* eventsOf(runtime: AgentRuntime, { runId, lastSequence }: RunStatus): AsyncGenerator<Event> {
  let last = 0;
  while (last < lastSequence) {
    const asked = { runId, afterSequence: BigInt(last) };
    const page = await runtime.client.call(RunService.method.getHistory, asked);
    if (page.events.length === 0) throw gap(runId, last + 1, "nothing");
    for (const event of page.events) {
      if (last >= lastSequence) return;
      if (Number(event.sequence) !== last + 1) throw gap(runId, last + 1, `event ${event.sequence}`);
      last += 1;
      yield event;
    }
  }
}

function gap(runId: string, missing: number, found: string): HistoryError {
  return new HistoryError(`The server gave ${found} in place of event ${missing} of run ${runId}.`);
}
