// When a checkpoint of a namespace may have changed, by the live messages of its runs: so that a watch of approvals looks
// at once, and not only at its next look. A message is a hint; one that is lost is made good by that look.
import { ALL_RUNS, eventsSubject, type Logger } from "@agentspan/internal";
import { type Event, LiveEventsSchema } from "@agentspan/proto";
import { fromBinary } from "@bufbuild/protobuf";
import type { Bus } from "../bus/bus.js";

type Listener = () => void;

/** Facts that open, change or close a checkpoint. */
const ABOUT_CHECKPOINTS: ReadonlySet<Event["event"]["case"]> = new Set([
  "waiting",
  "voted",
  "decided",
  "checkpointClosed",
  "escalated",
  "previewTaken",
  "lateOutcome",
]);

export class ApprovalNews {
  readonly #bus: Pick<Bus, "subscribe">;
  readonly #log: Logger;
  /** By namespace: one subscription, however many follow. */
  readonly #followed = new Map<string, { readonly listeners: Set<Listener>; readonly unsubscribe: () => void }>();

  constructor(bus: Pick<Bus, "subscribe">, log: Logger) {
    this.#bus = bus;
    this.#log = log;
  }

  /** Calls back at each message that may be about a checkpoint, until the returned function is called. */
  follow(namespace: string, listener: Listener): () => void {
    const followed = this.#followed.get(namespace) ?? this.#open(namespace);
    followed.listeners.add(listener);
    return () => {
      if (!followed.listeners.delete(listener) || followed.listeners.size > 0) return;
      followed.unsubscribe();
      this.#followed.delete(namespace);
    };
  }

  #open(namespace: string) {
    const listeners = new Set<Listener>();
    const unsubscribe = this.#bus.subscribe(eventsSubject(namespace, ALL_RUNS), (data) => {
      if (this.#isNews(data)) for (const listener of listeners) listener();
    });
    const followed = { listeners, unsubscribe };
    this.#followed.set(namespace, followed);
    return followed;
  }

  #isNews(data: Uint8Array): boolean {
    try {
      const { events } = fromBinary(LiveEventsSchema, data);
      // Events that were too large to send may be anything.
      return events.length === 0 || events.some(({ event }) => ABOUT_CHECKPOINTS.has(event.case));
    } catch (err) {
      this.#log.warn({ err }, "A live message could not be read");
      return false;
    }
  }
}
