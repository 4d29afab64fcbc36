// Which runs are being watched here, and the two ways in which their streams hear of them: the live messages of each
// run, and one batched comparison of sequences, which finds what a lost message would have told.
//
// A stream has no timer of its own. There is one ticker, and only while there are streams; a run that waits for a
// person is compared every 15 s, so that an open stream on it costs next to nothing.
import {
  AgentspanError,
  DELTA_WISH_MS,
  deltasSubject,
  eventsSubject,
  type Logger,
  systemTime,
  type Time,
  type Timer,
} from "@agentspan/internal";
import { LiveEventsSchema, type SequenceOf, SequencesRequestSchema, SequencesResponseSchema } from "@agentspan/proto";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import type { Bus } from "../bus/bus.js";
import type { Orchestrators } from "../bus/orchestrators.js";
import { OURSELVES } from "../context.js";
import type { EventStream } from "./event-stream.js";

export interface RunWatchesOptions {
  readonly bus: Bus;
  readonly orchestrators: Orchestrators;
  readonly log: Logger;
  /** Milliseconds between comparisons while a run is going on, and while only a person can move it. */
  readonly runningEveryMs?: number;
  readonly waitingEveryMs?: number;
  readonly time?: Time | undefined;
}

const NOTHING = new Uint8Array();

interface Watch {
  readonly namespace: string;
  readonly runId: string;
  readonly streams: Set<EventStream>;
  readonly unsubscribe: () => void;
  waiting: boolean;
  /** Of the newest live message: an answer that was on its way meanwhile knows less. */
  heardSequence: bigint;
  comparedAt: number;
  /** When the orchestrators were last told that somebody wants pieces of text. */
  wishedAt: number;
}

const RUNNING_EVERY_MS = 2_000;
const WAITING_EVERY_MS = 15_000;
const RUNS_A_QUESTION = 1_000;
/** So often that two of them may be lost. */
const WISH_EVERY_MS = DELTA_WISH_MS / 3;

export class RunWatches {
  readonly #bus: Bus;
  readonly #orchestrators: Orchestrators;
  readonly #log: Logger;
  readonly #runningEveryMs: number;
  readonly #waitingEveryMs: number;
  readonly #watches = new Map<string, Watch>();
  readonly #time: Time;
  readonly #stopped = new AbortController();
  #ticker: Timer | undefined;
  #comparing = false;
  #dueMeanwhile = false;
  #offChange: (() => void) | undefined;

  constructor({ bus, orchestrators, log, runningEveryMs, waitingEveryMs, time }: RunWatchesOptions) {
    this.#time = time ?? systemTime;
    this.#bus = bus;
    this.#orchestrators = orchestrators;
    this.#log = log;
    this.#runningEveryMs = runningEveryMs ?? RUNNING_EVERY_MS;
    this.#waitingEveryMs = waitingEveryMs ?? WAITING_EVERY_MS;
  }

  /** How many runs are watched. */
  get size(): number {
    return this.#watches.size;
  }

  /** Feeds the stream from now on, until the returned function is called; calling it again does nothing. */
  add(namespace: string, runId: string, stream: EventStream): () => void {
    if (this.#stopped.signal.aborted) stream.fail(goingAway());
    const key = `${namespace}/${runId}`;
    const watch = this.#watches.get(key) ?? this.#open(key, namespace, runId);
    watch.streams.add(stream);
    if (stream.includesDeltas) this.#wish(watch, this.#time.monotonic());
    return () => {
      if (!watch.streams.delete(stream) || watch.streams.size > 0) return;
      watch.unsubscribe();
      this.#watches.delete(key);
      if (this.#watches.size === 0) this.#rest();
    };
  }

  /** Ends every stream, now and to come: the gateway stops. */
  stop(): void {
    this.#stopped.abort();
    for (const { streams } of this.#watches.values()) for (const stream of streams) stream.fail(goingAway());
    this.#rest();
  }

  #open(key: string, namespace: string, runId: string): Watch {
    const watch: Watch = {
      namespace,
      runId,
      streams: new Set(),
      unsubscribe: this.#bus.subscribe(eventsSubject(namespace, runId), (data) => this.#onLive(watch, data)),
      waiting: false,
      heardSequence: 0n,
      comparedAt: this.#time.monotonic(),
      wishedAt: Number.NEGATIVE_INFINITY,
    };
    this.#watches.set(key, watch);
    this.#ticker ??= this.#time.every(this.#runningEveryMs, () => this.#tick());
    this.#offChange ??= this.#bus.onChange((connected) => {
      // What was published while the connection was away has not come here: all are due.
      if (!connected) return;
      for (const each of this.#watches.values()) {
        each.comparedAt = Number.NEGATIVE_INFINITY;
        each.wishedAt = Number.NEGATIVE_INFINITY;
      }
      this.#tick();
    });
    return watch;
  }

  #rest(): void {
    this.#ticker?.cancel();
    this.#ticker = undefined;
    this.#offChange?.();
    this.#offChange = undefined;
  }

  #onLive(watch: Watch, data: Uint8Array): void {
    let batch: Parameters<EventStream["offer"]>[0];
    try {
      const { events, lastSequence, ended } = fromBinary(LiveEventsSchema, data);
      batch = { events, bytesEach: Math.ceil(data.length / Math.max(1, events.length)), lastSequence, ended };
    } catch (err) {
      // The comparison of sequences finds whatever it told.
      this.#log.warn({ err, runId: watch.runId }, "A live message could not be read");
      return;
    }
    watch.waiting = false;
    if (batch.lastSequence > watch.heardSequence) watch.heardSequence = batch.lastSequence;
    for (const stream of watch.streams) stream.offer(batch);
  }

  #tick(): void {
    this.#compareDue();
    const now = this.#time.monotonic();
    for (const watch of this.#watches.values()) {
      if (now - watch.wishedAt < WISH_EVERY_MS) continue;
      for (const stream of watch.streams) {
        if (!stream.includesDeltas) continue;
        this.#wish(watch, now);
        break;
      }
    }
  }

  /** Asks for pieces of text: the orchestrators make them only for runs that somebody watches so. */
  #wish(watch: Watch, now: number): void {
    watch.wishedAt = now;
    this.#bus.publish(deltasSubject(watch.namespace, watch.runId), NOTHING);
  }

  #compareDue(): void {
    const now = this.#time.monotonic();
    const due: Watch[] = [];
    for (const watch of this.#watches.values()) {
      // Half a tick of tolerance: a timer that fires a little early must not leave a run out for a whole round.
      const everyMs = (watch.waiting ? this.#waitingEveryMs : this.#runningEveryMs) - this.#runningEveryMs / 2;
      if (now - watch.comparedAt >= everyMs) due.push(watch);
    }
    if (due.length > 0) void this.#compare(due);
  }

  /** Never rejects. One at a time: what became due meanwhile comes right after. */
  async #compare(watches: readonly Watch[]): Promise<void> {
    if (this.#comparing) this.#dueMeanwhile = true;
    if (this.#comparing || !this.#bus.connected) return;
    this.#comparing = true;
    this.#dueMeanwhile = false;
    try {
      for (const [namespace, group] of byNamespace(watches)) {
        for (let from = 0; from < group.length; from += RUNS_A_QUESTION) {
          await this.#ask(namespace, group.slice(from, from + RUNS_A_QUESTION));
        }
      }
    } catch (err) {
      if (this.#stopped.signal.aborted) return;
      this.#log.warn({ err, runs: watches.length }, "The sequences of watched runs could not be compared");
    } finally {
      this.#comparing = false;
    }
    if (this.#dueMeanwhile) this.#compareDue();
  }

  async #ask(namespace: string, watches: readonly Watch[]): Promise<void> {
    const body = toBinary(
      SequencesRequestSchema,
      create(SequencesRequestSchema, { runIds: watches.map((watch) => watch.runId) }),
    );
    const asker = { caller: OURSELVES, namespace, signal: this.#stopped.signal, header: () => undefined };
    const answer = await this.#orchestrators.exchange("Internal/Sequences", body, asker);
    const now = this.#time.monotonic();
    for (const watch of watches) watch.comparedAt = now;
    for (const sequence of fromBinary(SequencesResponseSchema, answer).sequences) {
      const watch = this.#watches.get(`${namespace}/${sequence.runId}`);
      if (watch !== undefined) tell(watch, sequence);
    }
  }
}

function byNamespace(watches: readonly Watch[]): ReadonlyMap<string, readonly Watch[]> {
  const groups = new Map<string, Watch[]>();
  for (const watch of watches) {
    const group = groups.get(watch.namespace);
    if (group === undefined) groups.set(watch.namespace, [watch]);
    else group.push(watch);
  }
  return groups;
}

function tell(watch: Watch, { lastSequence, ended, waiting }: SequenceOf): void {
  watch.waiting = waiting && lastSequence >= watch.heardSequence;
  for (const stream of watch.streams) stream.learn({ lastSequence, ended });
}

function goingAway(): AgentspanError {
  return new AgentspanError(
    "BUS_UNAVAILABLE",
    "This gateway is stopping. Connect again; the stream goes on from the last sequence.",
    {
      retryAfterMs: 500,
    },
  );
}
