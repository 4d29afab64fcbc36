// A run's events over connections that break. What it keeps:
//  1. Each stored event once and in order: `after` is the last sequence given out; what is not larger is dropped, and a
//     gap is a broken connection, since reading again from `after` fills it.
//  2. It ends after the terminal event and what the server has to say after it, or where the run turns out to have
//     ended before `after`.
//  3. A run may be silent for days, a server may not: patience counts from the moment a connection broke, and anything
//     the server answers renews it.
import { AgentspanError } from "@agentspan/internal";
import { RunService } from "@agentspan/proto";
import { backoffMs, pause } from "./backoff.js";
import { type MappedEvent, runEventOf } from "./event-mapping.js";
import type { RunClient } from "./rpc/run-client.js";
import { isTerminal } from "./run-event.js";

export interface EventFeedOptions {
  /** Events with a larger sequence. */
  readonly after: number;
  /** Also pieces of the model's text as they come. */
  readonly includeDeltas: boolean;
  readonly signal: AbortSignal;
}

/** Milliseconds without any answer after which a feed gives up on a server that it had reached. */
const SILENT_SERVER_MS = 10 * 60_000;

/** Throws the signal's reason, or the AgentspanError that repeating cannot help. */
export async function* eventFeed(
  client: RunClient,
  runId: string,
  options: EventFeedOptions,
): AsyncGenerator<MappedEvent> {
  const { includeDeltas, signal } = options;
  let after = options.after;
  for (let failed = 1; ; failed++) {
    try {
      const request = { runId, afterSequence: BigInt(after), includeDeltas };
      let terminal = false;
      for await (const { event: message } of client.stream(RunService.method.streamEvents, request, signal)) {
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
      if (terminal) return;
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof AgentspanError)) throw error;
      // A stream ends with its token. Where there is no newer one, the next call says so.
      const outlivedItsToken = error.reason === "UNAUTHENTICATED" && client.renewsKey;
      if (!error.retryable && !outlivedItsToken) throw error;
    }
    if (await hasEnded(client, runId, after, signal)) return;
    await pause(backoffMs(Math.max(1, failed), 100, 5_000), signal);
  }
}

/** Whether the run has ended and has nothing after this sequence. Asks until the server is back. */
async function hasEnded(client: RunClient, runId: string, after: number, signal: AbortSignal): Promise<boolean> {
  const begun = performance.now();
  for (;;) {
    try {
      const { status } = await client.call(RunService.method.getStatus, { runId }, signal);
      return status?.isComplete === true && Number(status.lastSequence) <= after;
    } catch (error) {
      signal.throwIfAborted();
      const patient = client.reached && performance.now() - begun < SILENT_SERVER_MS;
      if (!(error instanceof AgentspanError) || !error.retryable || !patient) throw error;
    }
  }
}

function gap(runId: string, after: number, got: number): AgentspanError {
  return new AgentspanError(
    "BUS_UNAVAILABLE",
    `The events of run ${runId} jumped from ${after} to ${got}; reading again.`,
  );
}
