// The events of a run as this page knows them: each once, in order, without a gap, whatever the connection does.
import type { Event } from "@agentspan/proto";

export interface RunEvents {
  /** By their sequences, which begin at 1 and have no gaps. */
  readonly events: readonly Event[];
  /** The last one's sequence; 0 where there is none. */
  readonly last: bigint;
  /** When the event that ended the run is among them. */
  readonly hasEnded: boolean;
}

export const NO_EVENTS: RunEvents = { events: [], last: 0n, hasEnded: false };

const TERMINAL: ReadonlySet<Event["event"]["case"]> = new Set(["done", "failed", "cancelled", "timedOut"]);

/** With these as well; the same one where none of them is new. What does not follow what is known is left out. */
export function withEvents(known: RunEvents, told: readonly Event[]): RunEvents {
  let { last, hasEnded } = known;
  const fresh: Event[] = [];
  for (const event of told) {
    if (event.sequence !== last + 1n) continue;
    fresh.push(event);
    last = event.sequence;
    hasEnded ||= TERMINAL.has(event.event.case);
  }
  return fresh.length === 0 ? known : { events: [...known.events, ...fresh], last, hasEnded };
}

/** The events of a stream that was asked for from a sequence on; fails at a gap, so that the stream is asked for again. */
export async function* inOrder(
  stream: AsyncIterable<{ readonly event?: Event | undefined }>,
  after: bigint,
): AsyncGenerator<Event> {
  let last = after;
  for await (const { event } of stream) {
    // A piece of a text that is not stored has no sequence.
    if (event === undefined || event.sequence <= last) continue;
    if (event.sequence !== last + 1n) throw new Error(`Event ${event.sequence} came after event ${last}.`);
    last = event.sequence;
    yield event;
  }
}
