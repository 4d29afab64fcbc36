// Which trace what a run does belongs to: that of whoever set it going last, by a start or a decision. Their span's place
// is stored with the event that came of it, so it is known on every orchestrator and after any restart, days later; and
// while a run waits for people nothing is open.
import { isTracing } from "@agentspan/internal";
import type { Fact } from "./core/index.js";
import type { StoredRun } from "./ports.js";

/**
 * The traceparent of the span that what the run does now comes of; undefined where nobody traces. Of a run so long that its
 * start is not in the document any more it is the last span that committed something, which is in the same trace.
 */
export function causeOf({ events }: StoredRun): string | undefined {
  if (!isTracing()) return undefined;
  let last: string | undefined;
  for (let index = events.length - 1; index >= 0; index -= 1) {
    const event = events[index];
    if (event?.trace === undefined) continue;
    if (setsGoing(event.fact)) return event.trace;
    last ??= event.trace;
  }
  return last;
}

/** The traceparent of the span in which people were asked for a decision; undefined where nobody traced it. */
export function askedIn({ run, events }: StoredRun, approvalId: string): string | undefined {
  const sequence = run.checkpoints[approvalId]?.sequence;
  return sequence === undefined ? undefined : events.find((event) => event.sequence === sequence)?.trace;
}

/** Whether somebody set a run going by it, for the first time or again. A standing grant sets none going: it was. */
function setsGoing(fact: Fact): boolean {
  if (fact.type === "decided") return fact.ground === undefined;
  return fact.type === "run_started" || fact.type === "resumed";
}
