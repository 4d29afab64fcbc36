import { AgentspanError, createLogger } from "@agentspan/internal";
import { type Event, EventSchema, GetHistoryResponseSchema } from "@agentspan/proto";
import { create } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EventStream, type EventStreamOptions } from "../src/events/event-stream.js";

const log = createLogger("test", "silent");

const eventOf = (sequence: number): Event =>
  create(EventSchema, { runId: "run", sequence: BigInt(sequence), event: { case: "warning", value: {} } });
const delta = (text: string): Event => create(EventSchema, { runId: "run", event: { case: "delta", value: { text } } });

/** A run whose history a test writes. */
class History {
  readonly reads: number[] = [];
  last = 0;
  ended = false;
  pageSize = 1000;
  failing: AgentspanError | undefined;

  readonly read = async (after: bigint) => {
    await Promise.resolve();
    this.reads.push(Number(after));
    if (this.failing !== undefined) throw this.failing;
    const count = Math.max(0, Math.min(this.last - Number(after), this.pageSize));
    return create(GetHistoryResponseSchema, {
      events: Array.from({ length: count }, (_, at) => eventOf(Number(after) + 1 + at)),
      lastSequence: BigInt(this.last),
      more: Number(after) + count < this.last,
      ended: this.ended,
    });
  };
}

function open(history: History, options: Partial<EventStreamOptions> = {}) {
  const gone = new AbortController();
  const stream = new EventStream({
    afterSequence: 0n,
    includeDeltas: false,
    readHistory: history.read,
    signal: gone.signal,
    log,
    ...options,
  });
  return { stream, gone };
}

/** A live message as the gateway hears it after a commit. */
function live(stream: EventStream, history: History, ...sequences: readonly number[]): void {
  stream.offer({
    events: sequences.map(eventOf),
    bytesEach: 100,
    lastSequence: BigInt(history.last),
    ended: history.ended,
  });
}

async function take(stream: EventStream, count: number): Promise<number[]> {
  const taken: number[] = [];
  while (taken.length < count) {
    const event = await stream.next();
    if (event === undefined) break;
    taken.push(Number(event.sequence));
  }
  return taken;
}

describe("a stream of events", () => {
  it("gives the history first, in pages, and then what comes", async () => {
    const history = new History();
    history.last = 5;
    history.pageSize = 2;
    const { stream } = open(history);
    expect(await take(stream, 5)).toEqual([1, 2, 3, 4, 5]);
    const next = take(stream, 2);
    history.last = 7;
    live(stream, history, 6, 7);
    expect(await next).toEqual([6, 7]);
    expect(history.reads).toEqual([0, 2, 4]);
  });

  it("begins after the sequence that it was told", async () => {
    const history = new History();
    history.last = 5;
    history.ended = true;
    expect(await take(open(history, { afterSequence: 3n }).stream, 9)).toEqual([4, 5]);
    expect(await take(open(history, { afterSequence: 5n }).stream, 9)).toEqual([]);
    expect(await take(open(history, { afterSequence: 50n }).stream, 9)).toEqual([]);
  });

  it("gives what came while the history was being read once", async () => {
    const history = new History();
    history.last = 3;
    const { stream } = open(history);
    const taking = take(stream, 5);
    history.last = 5;
    live(stream, history, 3);
    live(stream, history, 4, 5);
    live(stream, history, 5);
    expect(await taking).toEqual([1, 2, 3, 4, 5]);
  });

  it("reads what a lost message would have told", async () => {
    const history = new History();
    history.last = 2;
    const { stream } = open(history);
    await take(stream, 2);
    history.last = 6;
    live(stream, history, 5, 6);
    expect(await take(stream, 4)).toEqual([3, 4, 5, 6]);
  });

  it("reads what was too large to send, and what only a comparison of sequences tells", async () => {
    const history = new History();
    history.last = 1;
    const { stream } = open(history);
    await take(stream, 1);
    history.last = 2;
    live(stream, history);
    expect(await take(stream, 1)).toEqual([2]);
    history.last = 3;
    stream.learn({ lastSequence: 3n, ended: false });
    expect(await take(stream, 1)).toEqual([3]);
  });

  it("ends after the terminal event without another read, where nothing came after it", async () => {
    const history = new History();
    history.last = 1;
    const { stream } = open(history);
    await take(stream, 1);
    history.last = 2;
    history.ended = true;
    live(stream, history, 2);
    expect(await take(stream, 9)).toEqual([2]);
    expect(history.reads).toEqual([0]);
  });

  it("gives what was settled after the end, and ends", async () => {
    const history = new History();
    history.last = 1;
    const { stream } = open(history);
    await take(stream, 1);
    history.last = 4;
    history.ended = true;
    live(stream, history, 2);
    expect(await take(stream, 9)).toEqual([2, 3, 4]);
  });

  it("believes the history where a message told of more, and asks again only when told again", async () => {
    const history = new History();
    history.last = 1;
    const { stream } = open(history);
    await take(stream, 1);
    const next = take(stream, 1);
    stream.learn({ lastSequence: 9n, ended: true });
    await new Promise((resolve) => setImmediate(resolve));
    expect(history.reads).toEqual([0, 1]);
    history.last = 2;
    live(stream, history, 2);
    expect(await next).toEqual([2]);
  });

  it("keeps a bounded buffer for a slow reader, and reads the rest from the history", async () => {
    const history = new History();
    history.last = 1;
    const { stream } = open(history, { maxBuffered: 10 });
    await take(stream, 1);
    for (history.last = 2; history.last <= 500; history.last += 1) live(stream, history, history.last);
    history.last = 500;
    history.ended = true;
    expect(await take(stream, 999)).toEqual(Array.from({ length: 499 }, (_, at) => at + 2));
    expect(history.reads.length).toBeLessThanOrEqual(3);
  });

  it("counts the bytes of its buffer too", async () => {
    const history = new History();
    const { stream } = open(history, { maxBufferedBytes: 250 });
    history.last = 4;
    live(stream, history, 1, 2, 3, 4);
    expect(await take(stream, 4)).toEqual([1, 2, 3, 4]);
  });

  it("gives pieces of text only to a reader that asked, and none of the time of the history", async () => {
    const history = new History();
    history.last = 1;
    const { stream } = open(history, { includeDeltas: true });
    const other = open(history).stream;
    const pieces = (text: string) => {
      for (const one of [stream, other]) {
        one.offer({ events: [delta(text)], bytesEach: 10, lastSequence: BigInt(history.last), ended: false });
      }
    };
    pieces("too early");
    expect(await take(stream, 1)).toEqual([1]);
    expect(await take(other, 1)).toEqual([1]);
    const waiting = stream.next();
    pieces("now");
    expect((await waiting)?.event).toMatchObject({ case: "delta", value: { text: "now" } });
    history.last = 2;
    live(other, history, 2);
    expect(await take(other, 1)).toEqual([2]);
  });

  it("ends with the signal's reason when its reader goes, and keeps nothing", async () => {
    const history = new History();
    history.last = 1;
    const { stream, gone } = open(history);
    await take(stream, 1);
    const waiting = stream.next();
    gone.abort(new Error("gone"));
    await expect(waiting).rejects.toThrow("gone");
  });

  it("fails at once where the first read does, and is patient with a later one", async () => {
    const history = new History();
    history.failing = new AgentspanError("STORE_UNAVAILABLE", "away");
    await expect(open(history).stream.next()).rejects.toThrow("away");
    history.failing = undefined;
    history.last = 1;
    const { stream } = open(history);
    await take(stream, 1);
    history.failing = new AgentspanError("STORE_UNAVAILABLE", "away");
    history.last = 2;
    const waiting = take(stream, 1);
    live(stream, history);
    await new Promise((resolve) => setImmediate(resolve));
    history.failing = undefined;
    expect(await waiting).toEqual([2]);
  });

  it("tells its reader where a later read fails for good", async () => {
    const history = new History();
    history.last = 1;
    const { stream } = open(history);
    await take(stream, 1);
    history.failing = new AgentspanError("RUN_NOT_FOUND", "deleted");
    stream.learn({ lastSequence: 2n, ended: false });
    await expect(stream.next()).rejects.toThrow("deleted");
  });

  it("gives each event once and in order, whatever is lost, doubled, late or too much", async () => {
    const message = fc.record({ from: fc.nat(12), length: fc.nat(4), lost: fc.boolean(), again: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(
        fc.array(message, { maxLength: 30 }),
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 4 }),
        fc.nat(10),
        async (messages, maxBuffered, pageSize, after) => {
          const history = new History();
          history.pageSize = pageSize;
          const { stream } = open(history, { maxBuffered, afterSequence: BigInt(after) });
          const taking = take(stream, 1000);
          for (const { from, length, lost, again } of messages) {
            const first = again ? Math.max(1, history.last - from) : history.last + 1;
            history.last = Math.max(history.last, first + length - 1);
            const sequences = Array.from({ length }, (_, at) => first + at);
            if (!lost) live(stream, history, ...sequences);
            if (from % 3 === 0) await new Promise((resolve) => setImmediate(resolve));
          }
          history.ended = true;
          stream.learn({ lastSequence: BigInt(history.last), ended: true });
          const expected = Math.max(0, history.last - after);
          expect(await taking).toEqual(Array.from({ length: expected }, (_, at) => after + 1 + at));
        },
      ),
      { numRuns: 300 },
    );
  });
});
