// A reader of a run's events who reconnects whenever the stream breaks, and now and then on purpose. On one connection
// the events must come one by one from the one that was asked for; over all connections, each once.
import { type Event, EventSchema } from "@agentspan/proto";
import { toJsonString } from "@bufbuild/protobuf";
import { type Callers, refusalOf } from "./callers.js";
import { backoffMs, pause } from "./pause.js";
import type { Random } from "./random.js";
import type { Reading } from "./run-record.js";

export interface ReadOptions {
  readonly callers: Callers;
  readonly runId: string;
  readonly random: Random;
  readonly signal: AbortSignal;
  /** Something came that may want a person. */
  readonly onEvent: () => void;
}

/** Chance that a reader leaves after an event and comes back. */
const RESTLESS = 0.04;

const TERMINAL: readonly (string | undefined)[] = ["done", "failed", "cancelled", "timedOut"];

/** After which there may be something to decide. */
const TO_DECIDE: readonly (string | undefined)[] = ["waiting", "voted", "escalated", "checkpointClosed"];

export function isTerminal({ event }: Event): boolean {
  return TERMINAL.includes(event.case);
}

/** An event as a text that two readers can compare. */
export function textOf(event: Event): string {
  return toJsonString(EventSchema, event);
}

/** Reads until the run has ended or the signal aborts. Never rejects. */
export async function readEvents(reading: Reading, options: ReadOptions): Promise<void> {
  const { signal } = options;
  let failed = 0;
  while (!signal.aborted && !reading.ended) {
    const before = reading.events.length;
    try {
      reading.connections += 1;
      reading.ended = await readOnce(reading, options);
    } catch (thrown) {
      if (signal.aborted) return;
      const refusal = refusalOf(thrown);
      if (refusal !== undefined && !refusal.retryable) {
        reading.faults.push(`was refused: ${refusal.reason}: ${refusal.message}`);
        return;
      }
      failed = reading.events.length > before ? 1 : failed + 1;
      await pause(backoffMs(failed), signal).catch(() => undefined);
    }
  }
}

/** Whether it was read to its end. */
async function readOnce(reading: Reading, { callers, runId, random, signal, onEvent }: ReadOptions): Promise<boolean> {
  const after = reading.events.length;
  const left = new AbortController();
  const both = AbortSignal.any([signal, left.signal]);
  let terminal = false;
  try {
    const request = { runId, afterSequence: BigInt(after) };
    for await (const { event } of callers.any().runs.streamEvents(request, { signal: both })) {
      if (event === undefined || event.event.case === "delta") continue;
      const expected = reading.events.length + 1;
      if (Number(event.sequence) !== expected) {
        reading.faults.push(
          `event ${event.sequence} came where ${expected} was due, on a connection that began after ${after}`,
        );
        return false;
      }
      reading.events.push(textOf(event));
      terminal ||= isTerminal(event);
      if (terminal || TO_DECIDE.includes(event.event.case)) onEvent();
      if (!terminal && random.chance(RESTLESS)) return false;
    }
  } finally {
    left.abort(new Error("The reader left."));
  }
  if (!terminal && after === reading.events.length) {
    // Nothing was left: right where the terminal event had been read before.
    return true;
  }
  if (!terminal) reading.faults.push(`the stream ended after event ${reading.events.length}, which ends no run`);
  return terminal;
}
