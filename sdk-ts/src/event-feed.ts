// A run's events over connections that break. What it keeps:
//  1. Each stored event once and in order: `after` is the last sequence given out; what is not larger is dropped, and a
//     gap is a broken connection, since reading again from `after` fills it.
//  2. It ends after the terminal event and what the server has to say after it, or where the run turns out to have
//     ended before `after`.
//  3. A deadline counts from the last word of the server, so a run may be silent for days, a server may not.
import { AgentspanError } from "@agentspan/internal";
import { RunService } from "@agentspan/proto";
import { create } from "@bufbuild/protobuf";
import { backoffMs, pause } from "./backoff.js";
import { runEventOf } from "./event-mapping.js";
import { isUnreachable } from "./rpc/call-error.js";
import type { RunClient } from "./rpc/run-client.js";
import { isTerminal, type RunEvent } from "./run-event.js";

export interface EventFeedOptions {
  /** Events with a larger sequence. */
  readonly after: number;
  /** Also pieces of the model's text as they come. */
  readonly includeDeltas: boolean;
  readonly signal: AbortSignal;
}

/** Milliseconds without any answer after which a feed gives up. */
const SILENT_SERVER_MS = 10 * 60_000;

/** Throws the signal's reason, or the AgentspanError that repeating cannot help. */
export async function* eventFeed(
  client: RunClient,
  runId: string,
  options: EventFeedOptions,
): AsyncGenerator<RunEvent> {
  const { includeDeltas, signal } = options;
  let after = options.after;
  let answeredAt = performance.now();
  let connectedOnce = false;
  for (let failed = 0; ; ) {
    try {
      const request = create(RunService.method.streamEvents.input, {
        runId,
        afterSequence: BigInt(after),
        includeDeltas,
      });
      let terminal = false;
      for await (const { event: message } of client.transport.stream(RunService.method.streamEvents, request, signal)) {
        answeredAt = performance.now();
        connectedOnce = true;
        if (message === undefined) continue;
        const event = runEventOf(message);
        if (event.sequence > after + 1) throw gap(runId, after, event.sequence);
        if (event.sequence === 0 || event.sequence === after + 1) {
          failed = 0;
          after = Math.max(after, event.sequence);
          terminal ||= isTerminal(event);
          yield event;
        }
      }
      if (terminal || (await endedBy(client, runId, after, signal))) return;
      answeredAt = performance.now();
      failed++;
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof AgentspanError) || !error.retryable) throw error;
      // A stream that never was is a call like others: its few seconds of patience are the client's.
      if (!connectedOnce && isUnreachable(error)) await client.call(RunService.method.getStatus, { runId }, signal);
      if (performance.now() - answeredAt > SILENT_SERVER_MS) throw error;
      failed++;
    }
    if (failed > 0) await pause(backoffMs(failed, 100, 5_000), signal);
  }
}

/** Whether the run has ended and has nothing after this sequence. */
async function endedBy(client: RunClient, runId: string, after: number, signal: AbortSignal): Promise<boolean> {
  const { status } = await client.call(RunService.method.getStatus, { runId }, signal);
  return status?.isComplete === true && Number(status.lastSequence) <= after;
}

function gap(runId: string, after: number, got: number): AgentspanError {
  return new AgentspanError(
    "BUS_UNAVAILABLE",
    `The events of run ${runId} jumped from ${after} to ${got}; reading again.`,
  );
}
