// Reads past calls off a server: of the runs that there are, the newest first.
import { RunService } from "@agentspan/proto";
import type { AgentRuntime } from "@agentspan/sdk";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { type PastCall, PastCalls } from "./past-calls.js";

export interface WhichRuns {
  readonly agent: string | undefined;
  /** Runs that were started then or later, milliseconds since the epoch; all where absent. */
  readonly since: number | undefined;
}

/** Runs of a page of the list. */
const PAGE_SIZE = 200;
/** Histories that are read at once. */
const AT_ONCE = 8;

/** All calls of each run, run by run. */
export async function* readCalls(
  runtime: AgentRuntime,
  { agent, since }: WhichRuns,
): AsyncGenerator<readonly PastCall[]> {
  let pageToken = "";
  do {
    const asked = { agentName: agent ?? "", pageSize: PAGE_SIZE, pageToken };
    const page = await runtime.client.call(RunService.method.listRuns, asked);
    const runs = page.runs.filter(
      ({ createdAt }) => since === undefined || (createdAt && timestampMs(createdAt) >= since),
    );
    for (let from = 0; from < runs.length; from += AT_ONCE) {
      const some = runs.slice(from, from + AT_ONCE);
      yield* await Promise.all(some.map(({ runId }) => callsOf(runtime, runId)));
    }
    // Older ones only follow.
    pageToken = runs.length < page.runs.length ? "" : page.nextPageToken;
  } while (pageToken !== "");
}

async function callsOf(runtime: AgentRuntime, runId: string): Promise<readonly PastCall[]> {
  const calls = new PastCalls();
  let afterSequence = 0n;
  for (;;) {
    const page = await runtime.client.call(RunService.method.getHistory, { runId, afterSequence });
    for (const event of page.events) calls.take(event);
    const last = page.events.at(-1);
    if (!page.more || last === undefined) return calls.all;
    afterSequence = last.sequence;
  }
}
