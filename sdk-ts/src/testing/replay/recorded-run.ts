// A recorded run, as whoever replays it looks at it.
import type { MappedEvent } from "../../event-mapping.js";
import { runEventOf } from "../../event-mapping.js";
import type { History, HistoryHead } from "./history-file.js";

export type EventOf<T extends MappedEvent["type"]> = Extract<MappedEvent, { readonly type: T }>;

/** Told once in a run's life, by its bytes, which are not replayed. */
const OF_SIZE: readonly string[] = ["DOCUMENT_SIZE", "RUN_SIZE"];

export class RecordedRun {
  readonly head: HistoryHead;
  /** Oldest first, without what plays no part: warnings of the run's size, and reminders. */
  readonly events: readonly MappedEvent[];
  /** Something about its size was left out. */
  readonly toldOfSize: boolean;
  readonly #groups: ReadonlyMap<string, string>;
  /** By sequence. */
  readonly #mirrored: ReadonlyMap<number, string>;
  readonly #byType: ReadonlyMap<string, readonly Placed[]>;
  readonly #byCall: ReadonlyMap<string, readonly Placed[]>;
  readonly #entropy: readonly (string | undefined)[];
  readonly #opened = new Map<string, EventOf<"waiting">>();
  readonly #calls = new Map<string, EventOf<"tool_call">>();
  /** By call and attempt. */
  readonly #workers = new Map<string, string>();

  constructor({ head, events }: History) {
    this.head = head;
    const all = events.map(runEventOf);
    this.toldOfSize = all.some(isOfSize);
    this.events = all.filter(playsPart);
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
    this.#byType = listed(this.events, ({ type }) => type);
    this.#byCall = listed(this.events, (event) => ("callId" in event ? event.callId : undefined));
    this.#entropy = entropies(this.events);
    for (const event of this.events) {
      if (event.type === "waiting") this.#opened.set(event.approvalId, event);
      if (event.type === "tool_call") this.#calls.set(event.callId, event);
      if (event.type === "tool_started") this.#workers.set(`${event.callId}/${event.attempt}`, event.workerId);
    }
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

  /** The call of this run whose child waits: the event names the child's own call. */
  callOfChild({ sequence }: EventOf<"waiting">): string {
    return this.#mirrored.get(sequence) ?? "";
  }

  /** The group by which somebody was let in; undefined where the record does not say. */
  groupOf(decisionId: string): string | undefined {
    return this.#groups.get(decisionId) || undefined;
  }

  /** The waiting event of an approval, of this run or of one below. */
  opened(approvalId: string): EventOf<"waiting"> | undefined {
    return this.#opened.get(approvalId);
  }

  /** The random part of the first id that was made from a place on; undefined where none was. */
  entropyFrom(index: number): string | undefined {
    return this.#entropy[index];
  }

  /** The first one from a place on that is of this type. */
  next<T extends MappedEvent["type"]>(from: number, type: T): EventOf<T> | undefined {
    return firstOf(this.#byType.get(type), from, type);
  }

  /** The first one from a place on that is of this type and about this call. */
  nextOf<T extends MappedEvent["type"]>(
    callId: string,
    from: number,
    type: T,
    is?: (event: EventOf<T>) => boolean,
  ): EventOf<T> | undefined {
    return firstOf(this.#byCall.get(callId), from, type, is);
  }
}

interface Placed {
  readonly index: number;
  readonly event: MappedEvent;
}

function firstOf<T extends MappedEvent["type"]>(
  placed: readonly Placed[] = [],
  from: number,
  type: T,
  is: (event: EventOf<T>) => boolean = () => true,
): EventOf<T> | undefined {
  for (const { index, event } of placed) if (index >= from && isOf(event, type) && is(event)) return event;
  return undefined;
}

/** A list for each key, in the order of the events. */
function listed(events: readonly MappedEvent[], keyOf: (event: MappedEvent) => string | undefined) {
  const lists = new Map<string, Placed[]>();
  events.forEach((event, index) => {
    const key = keyOf(event);
    if (key === undefined) return;
    const list = lists.get(key);
    if (list === undefined) lists.set(key, [{ index, event }]);
    else list.push({ index, event });
  });
  return lists;
}

/** For each place, the random part of the first id from there on. */
function entropies(events: readonly MappedEvent[]): readonly (string | undefined)[] {
  const found: (string | undefined)[] = [];
  for (let index = events.length - 1; index >= 0; index -= 1) {
    const event = events[index];
    found[index] = (event === undefined ? undefined : entropyIn(event)) ?? found[index + 1];
  }
  return found;
}

function entropyIn(event: MappedEvent): string | undefined {
  const own = event.type === "waiting" && event.childRunId === "" ? event.approvalId : undefined;
  const granted =
    event.type === "decided" && event.decision?.ground !== undefined ? event.decision.approvalId : undefined;
  const id = own ?? granted;
  return id === undefined || !("callId" in event) ? undefined : id.slice(`apr_${event.callId}_`.length);
}

export function isOf<T extends MappedEvent["type"]>(event: MappedEvent, type: T): event is EventOf<T> {
  return event.type === type;
}

/** Nothing of a run changes by a reminder, or by a word about its size. */
export function playsPart(event: MappedEvent): boolean {
  return event.type !== "reminded" && !isOfSize(event);
}

function isOfSize(event: MappedEvent): boolean {
  return event.type === "warning" && OF_SIZE.includes(event.reason);
}
