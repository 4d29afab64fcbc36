// GetStatus, GetHistory, ListRuns, and where watched runs stand.
import { Limits } from "@agentspan/internal";
import {
  type Event,
  EventSchema,
  type GetHistoryRequest,
  type GetHistoryResponse,
  GetHistoryResponseSchema,
  type GetStatusRequest,
  type GetStatusResponse,
  GetStatusResponseSchema,
  type ListRunsRequest,
  type ListRunsResponse,
  ListRunsResponseSchema,
  RunStatusSchema,
  type SequencesRequest,
  type SequencesResponse,
  SequencesResponseSchema,
} from "@agentspan/proto";
import { create, toBinary } from "@bufbuild/protobuf";
import { openCheckpoints, type RunEvent, stateOf, waitsForPeopleOnly } from "../core/index.js";
import { argumentsBefore, type EarlierEvents, statesOf } from "../encode/approval.js";
import { encodeEvent } from "../encode/event.js";
import { type RequestContext, readRun } from "./context.js";
import { pageWithin } from "./paging.js";
import { statusOf, summaryOf } from "./status.js";

export async function getStatus(context: RequestContext, { runId }: GetStatusRequest): Promise<GetStatusResponse> {
  const stored = await readRun(context, runId);
  return create(GetStatusResponseSchema, { status: await statusOf(context, stored) });
}

export async function getHistory(context: RequestContext, request: GetHistoryRequest): Promise<GetHistoryResponse> {
  const stored = await readRun(context, request.runId);
  const { run } = stored;
  const most = pageSizeOf(request.pageSize, Limits.pageSize);
  const after = Number(request.afterSequence);
  const found = await context.history.after(stored, after, (events) => events.length >= most);
  const shown = await whatWaitingShowed(context, stored, found.slice(0, most));
  const events: Event[] = [];
  let bytes = 0;
  for (const event of found.slice(0, most)) {
    const encoded = encodeEvent(run.runId, run.agentName, event, shown);
    bytes += toBinary(EventSchema, encoded).length;
    if (bytes > Limits.pageBytes && events.length > 0) break;
    events.push(encoded);
  }
  const last = events.at(-1);
  const more = last !== undefined && Number(last.sequence) < run.lastSequence;
  return create(GetHistoryResponseSchema, {
    events,
    more,
    lastSequence: BigInt(run.lastSequence),
    ended: run.phase.kind === "ended",
  });
}

/** The arguments and previews that waiting events showed when they came, found wherever their call's events are. */
async function whatWaitingShowed(
  { history }: RequestContext,
  stored: Awaited<ReturnType<typeof readRun>>,
  events: readonly RunEvent[],
): Promise<EarlierEvents> {
  const shown = new Map<number, string>();
  const previews = new Map<number, RunEvent | undefined>();
  for (const { sequence, fact } of events) {
    if (fact.type !== "waiting") continue;
    const { callId, drift } = fact;
    for (const taken of drift === undefined ? [] : [drift.approved, drift.checked]) {
      previews.set(taken, await history.at(stored, taken));
    }
    const near = argumentsBefore(events, callId, sequence) ?? argumentsBefore(stored.events, callId, sequence);
    shown.set(sequence, near ?? argumentsBefore(await history.after(stored, 0), callId, sequence) ?? "");
  }
  return { arguments: (_callId, before) => shown.get(before) ?? "", at: (sequence) => previews.get(sequence) };
}

export async function listRuns(context: RequestContext, request: ListRunsRequest): Promise<ListRunsResponse> {
  const { agentName, labels, pageToken, parentRunId } = request;
  const { entries, nextPageToken } = await pageWithin({
    pageSize: pageSizeOf(request.pageSize, Limits.defaultPageSize),
    ...(pageToken === "" ? {} : { pageToken }),
    unreadable: context.unreadable,
    read: (limit, token) =>
      context.store.list({
        namespace: context.namespace,
        states: statesOf(request.states),
        ...(agentName === "" ? {} : { agentName }),
        ...(parentRunId === "" ? {} : { parentRunId }),
        labels,
        limit,
        ...(token === undefined ? {} : { pageToken: token }),
      }),
    encode: async (stored) => [await summaryOf(context, stored)],
    bytesOf: (status) => toBinary(RunStatusSchema, status).length,
  });
  return create(ListRunsResponseSchema, { runs: [...entries], nextPageToken });
}

export async function sequences(context: RequestContext, { runIds }: SequencesRequest): Promise<SequencesResponse> {
  const { states } = await context.store.states(runIds.slice(0, Limits.pageSize));
  return create(SequencesResponseSchema, {
    sequences: states
      .filter(({ run }) => run.namespace === context.namespace)
      .map(({ run }) => ({
        runId: run.runId,
        lastSequence: BigInt(run.lastSequence),
        ended: run.phase.kind === "ended",
        waiting: waitsForPeopleOnly(run) || (stateOf(run) === "PAUSED" && openCheckpoints(run).length > 0),
      })),
  });
}

export function pageSizeOf(asked: number, otherwise: number): number {
  return asked === 0 ? otherwise : Math.min(asked, Limits.pageSize);
}
