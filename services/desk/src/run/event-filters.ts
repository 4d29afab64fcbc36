// Which events of a run are looked at.
import type { Event } from "@agentspan/proto";
import { eventWords } from "./event-words.js";

export type EventFilter = "all" | "people" | "calls" | "model" | "trouble";

export const EVENT_FILTERS: readonly { readonly value: EventFilter; readonly label: string }[] = [
  { value: "all", label: "Everything" },
  { value: "people", label: "What people did, and were asked" },
  { value: "calls", label: "Calls" },
  { value: "model", label: "The model" },
  { value: "trouble", label: "What went wrong" },
];

type Kind = Event["event"]["case"];

const PEOPLE: ReadonlySet<Kind> = new Set([
  "runStarted",
  "waiting",
  "voted",
  "decided",
  "checkpointClosed",
  "escalated",
  "reminded",
  "paused",
  "resumed",
  "cancelled",
]);
const CALLS: ReadonlySet<Kind> = new Set([
  "toolCall",
  "toolStarted",
  "toolResult",
  "lateOutcome",
  "probing",
  "probeAnswered",
  "previewAsked",
  "previewTaken",
  "checkWanted",
  "childStarted",
  "childReported",
]);

export function filteredEvents(events: readonly Event[], filter: EventFilter): readonly Event[] {
  return filter === "all" ? events : events.filter((event) => fits(event, filter));
}

function fits(event: Event, filter: Exclude<EventFilter, "all">): boolean {
  const { case: kind, value } = event.event;
  switch (filter) {
    case "people":
      return PEOPLE.has(kind);
    case "calls":
      return CALLS.has(kind) || (kind === "error" && value.callId !== "");
    case "model":
      return kind === "modelReplied" || (kind === "error" && value.callId === "");
    case "trouble":
      return eventWords(event).isTrouble === true;
    default:
      return filter satisfies never;
  }
}
