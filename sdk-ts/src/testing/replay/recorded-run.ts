// A recorded run, as whoever replays it looks at it.
import type { MappedEvent } from "../../event-mapping.js";
import { runEventOf } from "../../event-mapping.js";
import type { History, HistoryHead } from "./history-file.js";

export type EventOf<T extends MappedEvent["type"]> = Extract<MappedEvent, { readonly type: T }>;

/** Told once in a run's life, by its bytes, which are not replayed. */
const OF_SIZE: readonly string[] = ["DOCUMENT_SIZE", "RUN_SIZE"];

export class RecordedRun {
  readonly head: HistoryHead;
  /** Oldest first, without what only tells of the run's size. */
  readonly events: readonly MappedEvent[];
  readonly #edits: ReadonlyMap<string, string>;
  readonly #groups: ReadonlyMap<string, string>;
  /** By sequence. */
  readonly #mirrored: ReadonlyMap<number, string>;
  readonly #calls = new Map<string, EventOf<"tool_call">>();
  /** By call and attempt. */
  readonly #workers = new Map<string, string>();

  constructor({ head, events, edits }: History) {
    this.head = head;
    this.#edits = edits;
    this.events = events.map(runEventOf).filter((event) => !isOfSize(event));
    this.#groups = new Map(
      events.flatMap(({ event: { case: kind, value } }) => {
        return kind === "decided" && value.decision !== undefined
          ? [[value.decision.decisionId, value.decision.group]]
          : [];
      }),
    );
    this.#mirrored = new Map(
      events.flatMap(({ sequence, event: { case: kind, value } }) => {
        return kind === "waiting" && value.childRunId !== "" ? [[Number(sequence), value.callId]] : [];
      }),
    );
    for (const event of this.events) {
      if (event.type === "tool_call") this.#calls.set(event.callId, event);
      if (event.type === "tool_started") this.#workers.set(`${event.callId}/${event.attempt}`, event.workerId);
    }
  }

  /** Something about its size was left out. */
  get toldOfSize(): boolean {
    return this.events.length < this.head.events;
  }

  at(index: number): MappedEvent | undefined {
    return this.events[index];
  }

  call(callId: string): EventOf<"tool_call"> | undefined {
    return this.#calls.get(callId);
  }

  /** Who had an attempt; somebody where the record does not say. */
  workerOf(callId: string, attempt: number): string {
    return this.#workers.get(`${callId}/${attempt}`) ?? "worker";
  }

  /** The arguments that a vote put in an approval's place, where the file has them. */
  editOf(approvalId: string): string | undefined {
    return this.#edits.get(approvalId);
  }

  /** The call of this run whose child waits: the event names the child's own call. */
  callOfChild({ sequence }: EventOf<"waiting">): string {
    return this.#mirrored.get(sequence) ?? "";
  }

  /** The group by which somebody was let in; undefined where the record does not say. */
  groupOf(decisionId: string): string | undefined {
    return this.#groups.get(decisionId) || undefined;
  }

  /** The first one from an index on that is of this type and about this. */
  next<T extends MappedEvent["type"]>(
    from: number,
    type: T,
    is: (event: EventOf<T>) => boolean = () => true,
  ): EventOf<T> | undefined {
    for (let at = from; at < this.events.length; at += 1) {
      const event = this.events[at];
      if (event !== undefined && isOf(event, type) && is(event)) return event;
    }
    return undefined;
  }
}

export function isOf<T extends MappedEvent["type"]>(event: MappedEvent, type: T): event is EventOf<T> {
  return event.type === type;
}

function isOfSize(event: MappedEvent): boolean {
  return event.type === "warning" && OF_SIZE.includes(event.reason);
}
