// One reader's stream of a run's events: each event after a sequence once, in order, and then the end.
//
// 1. Live messages are only offered; what decides is the sequence. An event is given when its sequence is the next one,
//    dropped when it is earlier, and when it is later the history is read for what lies between.
// 2. The history is read first, and whenever something is known to exist that has not come: a lost message, one too
//    large to send, or one that did not fit into the buffer.
// 3. The buffer is bounded. What does not fit is dropped and read later, so a slow reader costs a bounded memory and
//    never makes another wait.
// 4. The end is the run's: it has ended, and everything that existed by then was given.
import { AgentspanError, type Logger } from "@agentspan/internal";
import type { Event, GetHistoryResponse } from "@agentspan/proto";

export interface EventStreamOptions {
  readonly afterSequence: bigint;
  readonly includeDeltas: boolean;
  /** One page of events after a sequence. */
  readonly readHistory: (afterSequence: bigint) => Promise<GetHistoryResponse>;
  readonly signal: AbortSignal;
  readonly log: Logger;
  readonly maxBuffered?: number;
  readonly maxBufferedBytes?: number;
}

/** Where a run stands, as a live message or the comparison of sequences says. */
export interface Standing {
  readonly lastSequence: bigint;
  readonly ended: boolean;
}

/** Events and a size for each, estimated from the message that brought them. */
export interface LiveBatch extends Standing {
  readonly events: readonly Event[];
  readonly bytesEach: number;
}

const MAX_BUFFERED = 1_000;
const MAX_BUFFERED_BYTES = 4 * 1024 * 1024;
/** How long the history may be unreadable, once it had been read, before the reader is told. */
const PATIENCE_MS = 30_000;
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 2_000;

export class EventStream {
  readonly #options: EventStreamOptions;
  readonly #maxBuffered: number;
  readonly #maxBufferedBytes: number;
  #next: bigint;
  #known: Standing = { lastSequence: 0n, ended: false };
  #begun = false;
  #page: readonly Event[] = [];
  #pageAt = 0;
  #buffer: { readonly event: Event; readonly bytes: number }[] = [];
  #bufferedBytes = 0;
  #failure: AgentspanError | undefined;
  #wake: (() => void) | undefined;
  #hurry: (() => void) | undefined;

  constructor(options: EventStreamOptions) {
    this.#options = options;
    this.#next = options.afterSequence + 1n;
    this.#maxBuffered = options.maxBuffered ?? MAX_BUFFERED;
    this.#maxBufferedBytes = options.maxBufferedBytes ?? MAX_BUFFERED_BYTES;
    options.signal.addEventListener("abort", () => this.#close(), { once: true });
  }

  /** Whether pieces of the model's text are wanted too. */
  get includesDeltas(): boolean {
    return this.#options.includeDeltas;
  }

  /** A live message came. */
  offer({ events, bytesEach, lastSequence, ended }: LiveBatch): void {
    let last = lastSequence;
    for (const event of events) {
      if (event.sequence > last) last = event.sequence;
      if (event.sequence === 0n ? !this.#wantsDeltas() : event.sequence < this.#next) continue;
      if (this.#buffer.length >= this.#maxBuffered || this.#bufferedBytes + bytesEach > this.#maxBufferedBytes) break;
      this.#buffer.push({ event, bytes: bytesEach });
      this.#bufferedBytes += bytesEach;
    }
    this.learn({ lastSequence: last, ended });
  }

  /** Someone says where the run stands. Standing further back than known is old news. */
  learn({ lastSequence, ended }: Standing): void {
    const last = lastSequence > this.#known.lastSequence ? lastSequence : this.#known.lastSequence;
    this.#known = { lastSequence: last, ended: ended || this.#known.ended };
    this.#wake?.();
  }

  /** Ends the stream with an error, after the event that is being given. */
  fail(error: AgentspanError): void {
    this.#failure ??= error;
    this.#wake?.();
    this.#hurry?.();
  }

  /** The next event, or undefined at the end. Rejects with the signal's reason once aborted. One caller at a time. */
  async next(): Promise<Event | undefined> {
    for (;;) {
      if (this.#options.signal.aborted) throw this.#options.signal.reason;
      if (this.#failure !== undefined) throw this.#failure;
      const event = this.#fromPage() ?? this.#fromBuffer();
      if (event !== undefined) return event;
      if (!this.#begun || this.#known.lastSequence >= this.#next) await this.#readPage();
      else if (this.#known.ended) return undefined;
      else await this.#news();
    }
  }

  #fromPage(): Event | undefined {
    for (let event = this.#page[this.#pageAt]; event !== undefined; event = this.#page[this.#pageAt]) {
      this.#pageAt += 1;
      if (event.sequence < this.#next) continue;
      this.#next = event.sequence + 1n;
      return event;
    }
    this.#page = [];
    return undefined;
  }

  #fromBuffer(): Event | undefined {
    // Before the first page nobody knows that the run exists.
    if (!this.#begun) return undefined;
    for (let head = this.#buffer[0]; head !== undefined; head = this.#buffer[0]) {
      const { sequence } = head.event;
      // A gap: it stays, and the history fills in what is before it.
      if (sequence > this.#next) return undefined;
      this.#buffer.shift();
      this.#bufferedBytes -= head.bytes;
      if (sequence === 0n) return head.event;
      if (sequence < this.#next) continue;
      this.#next = sequence + 1n;
      return head.event;
    }
    return undefined;
  }

  async #readPage(): Promise<void> {
    const before = this.#known;
    const page = await this.#patiently(() => this.#options.readHistory(this.#next - 1n));
    if (page === undefined) return;
    this.#begun = true;
    const standing: Standing = { lastSequence: page.lastSequence, ended: page.ended };
    // Nothing there although something was said to be: the record is right, and reading again at once would not end.
    if (page.events.length === 0 && this.#known === before) this.#known = standing;
    else this.learn(standing);
    this.#page = page.events;
    this.#pageAt = 0;
  }

  /** Reads again while the store or NATS is away for a while. The first read fails at once: is there such a run? */
  async #patiently(read: () => Promise<GetHistoryResponse>): Promise<GetHistoryResponse | undefined> {
    const giveUpAt = performance.now() + PATIENCE_MS;
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      try {
        return await read();
      } catch (error) {
        if (this.#options.signal.aborted || this.#failure !== undefined) return undefined;
        const passing = error instanceof AgentspanError && error.retryable && performance.now() < giveUpAt;
        if (!this.#begun || !passing) throw error;
        this.#options.log.debug({ err: error, pauseMs }, "A stream could not read the history and will try again");
        await this.#pause(pauseMs);
      }
    }
  }

  /** Until something is offered, learnt or ended. */
  #news(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#wake = undefined;
        resolve();
      };
    });
  }

  /** News does not shorten it: it is there so that what cannot be read is not asked for all the time. */
  #pause(forMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#hurry?.(), forMs);
      this.#hurry = () => {
        this.#hurry = undefined;
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** While the history is read, the pieces that come belong to what it will tell whole. */
  #wantsDeltas(): boolean {
    return this.#options.includeDeltas && this.#begun && this.#page.length === 0;
  }

  #close(): void {
    this.#buffer = [];
    this.#bufferedBytes = 0;
    this.#page = [];
    this.#wake?.();
    this.#hurry?.();
  }
}
