import { type Event, LiveEventsSchema, SequencesResponseSchema } from "@agentspan/proto";
import { create } from "@bufbuild/protobuf";
import { connect } from "nats";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Gateway } from "../../src/gateway.js";
import type { EventInit } from "../fake-orchestrator.js";
import { openGateway, PROTOCOLS, refusalOf, runClient, until, withStack } from "./harness.js";

const warning = (message = ""): EventInit => ({ case: "warning", value: { message } });
const done: EventInit = { case: "done", value: { outputJson: '{"result":"ok"}' } };

const COMPARE = { running: 300, waiting: 1_500 };
const stack = withStack({ compareEveryMs: COMPARE });

let runs = 0;
const newRun = () => {
  runs += 1;
  return `run_${runs}`;
};

interface Reader {
  readonly sequences: number[];
  readonly events: Event[];
  readonly ended: Promise<void>;
  readonly leave: () => void;
}

function read(
  runId: string,
  {
    afterSequence = 0n,
    includeDeltas = false,
    protocol = "gRPC",
    gateway = stack.gateway,
    onEvent = async () => {},
  }: {
    afterSequence?: bigint;
    includeDeltas?: boolean;
    protocol?: string;
    gateway?: Gateway;
    onEvent?: (event: Event) => Promise<void>;
  } = {},
): Reader {
  const gone = new AbortController();
  const sequences: number[] = [];
  const events: Event[] = [];
  const ended = (async () => {
    const client = runClient(gateway, protocol);
    for await (const { event } of client.streamEvents(
      { runId, afterSequence, includeDeltas },
      { signal: gone.signal },
    )) {
      if (event === undefined) throw new Error("A response without an event");
      events.push(event);
      sequences.push(Number(event.sequence));
      await onEvent(event);
    }
  })();
  // Whoever waits for it sees its rejection; a reader that leaves does not wait.
  ended.catch(() => undefined);
  return { sequences, events, ended, leave: () => gone.abort() };
}

const upTo = (last: number, first = 1) => Array.from({ length: last - first + 1 }, (_, at) => first + at);
const watching = (runId: string) =>
  stack.orchestrator
    .of("RunService/GetHistory")
    .filter((seen) => "runId" in seen.request && seen.request.runId === runId).length;

describe.each(PROTOCOLS)("over %s, a stream", (protocol) => {
  it("goes from history to what happens without a gap, and ends", async () => {
    const runId = newRun();
    stack.orchestrator.append(runId, [warning(), warning(), warning()], { publish: false });
    const reader = read(runId, { protocol });
    await until(() => reader.sequences.length === 3);
    for (let at = 0; at < 20; at += 1) stack.orchestrator.append(runId, [warning(), warning()]);
    stack.orchestrator.append(runId, [done], { ended: true });
    await reader.ended;
    expect(reader.sequences).toEqual(upTo(44));
    expect(reader.events.at(-1)?.event).toMatchObject({ case: "done", value: { outputJson: '{"result":"ok"}' } });
  });

  it("is RUN_NOT_FOUND where there is no such run", async () => {
    const told = await refusalOf(read("run_nobody", { protocol }).ended);
    expect(told).toMatchObject({ reason: "RUN_NOT_FOUND" });
  });

  it("leaves nothing behind when its client goes, even one that had stopped reading", async () => {
    const [polite, blocked] = [newOpenRun(), newOpenRun()];
    const reader = read(polite, { protocol });
    const stuck = read(blocked, { protocol, onEvent: () => new Promise(() => undefined) });
    await until(() => reader.sequences.length === 1 && stuck.sequences.length === 1);
    // More than the connection holds, so that the gateway is in the middle of giving an event.
    for (let at = 0; at < 300; at += 1) stack.orchestrator.append(blocked, [warning("x".repeat(20_000))]);
    await stack.orchestrator.flush();
    reader.leave();
    stuck.leave();
    await expect(reader.ended).rejects.toThrow();
    // Nobody watches them any more, so no comparison asks about them, though one asks about another.
    const other = newOpenRun();
    const witness = read(other);
    await until(() => witness.sequences.length === 1);
    stack.orchestrator.seen.length = 0;
    await until(() => askedAbout().filter((id) => id === other).length === 2);
    stack.orchestrator.seen.length = 0;
    await until(() => askedAbout().includes(other));
    expect(askedAbout()).not.toContain(polite);
    expect(askedAbout()).not.toContain(blocked);
    witness.leave();
  });
});

function newOpenRun(): string {
  const runId = newRun();
  stack.orchestrator.append(runId, [warning()], { publish: false });
  return runId;
}

const runIdsOf = (request: object): readonly string[] => ("runIds" in request ? (request.runIds as string[]) : []);
const askedAbout = () => stack.orchestrator.of("Internal/Sequences").flatMap(({ request }) => runIdsOf(request));

describe("a stream", () => {
  it("begins after any sequence", async () => {
    const runId = newRun();
    stack.orchestrator.append(runId, [warning(), warning(), warning(), done], { ended: true });
    for (const after of [0, 1, 3, 4, 9]) {
      const reader = read(runId, { afterSequence: BigInt(after) });
      await reader.ended;
      expect(reader.sequences).toEqual(upTo(4, after + 1));
    }
  });

  it("reads a long history in pages", async () => {
    const runId = newRun();
    stack.orchestrator.append(runId, [...Array.from({ length: 2_499 }, () => warning()), done], {
      publish: false,
      ended: true,
    });
    const reader = read(runId);
    await reader.ended;
    expect(reader.sequences).toEqual(upTo(2_500));
    expect(watching(runId)).toBe(3);
  });

  it("fills in what a lost message would have told, when the next one comes", async () => {
    const runId = newRun();
    stack.orchestrator.append(runId, [warning()], { publish: false });
    const reader = read(runId);
    await until(() => reader.sequences.length === 1);
    stack.orchestrator.append(runId, [warning(), warning()], { publish: false });
    stack.orchestrator.append(runId, [warning()]);
    await until(() => reader.sequences.length === 4);
    expect(reader.sequences).toEqual([1, 2, 3, 4]);
    reader.leave();
  });

  it("finds the last events, the end among them, although no message of them came", async () => {
    const runId = newRun();
    stack.orchestrator.append(runId, [warning()], { publish: false });
    const reader = read(runId);
    await until(() => reader.sequences.length === 1);
    stack.orchestrator.append(runId, [warning(), done], { publish: false, ended: true });
    await reader.ended;
    expect(reader.sequences).toEqual([1, 2, 3]);
  });

  it("gives what comes twice, late or out of order once and in order", async () => {
    const runId = newRun();
    const [first, second, third] = stack.orchestrator.append(runId, [warning(), warning(), warning()], {
      publish: false,
    });
    if (first === undefined || second === undefined || third === undefined) throw new Error("Nothing was appended");
    const reader = read(runId);
    await until(() => reader.sequences.length === 3);
    const [fourth] = stack.orchestrator.append(runId, [warning()]);
    stack.orchestrator.publish(runId, { events: [third, second, first] });
    if (fourth !== undefined) stack.orchestrator.publish(runId, { events: [fourth, fourth] });
    stack.orchestrator.append(runId, [done], { ended: true });
    await reader.ended;
    expect(reader.sequences).toEqual(upTo(5));
  });

  it("reads the events that were too large for a message", async () => {
    const runId = newRun();
    stack.orchestrator.append(runId, [warning()], { publish: false });
    const reader = read(runId);
    await until(() => reader.sequences.length === 1);
    stack.orchestrator.append(runId, [warning("x".repeat(400_000))], { publish: false });
    stack.orchestrator.publish(runId, {});
    await until(() => reader.sequences.length === 2);
    expect(reader.events[1]?.event.value).toMatchObject({ message: "x".repeat(400_000) });
    reader.leave();
  });

  it("survives a message that nobody can read", async () => {
    const runId = newRun();
    stack.orchestrator.append(runId, [warning()], { publish: false });
    const reader = read(runId);
    await until(() => reader.sequences.length === 1);
    const stranger = await connect({ servers: stack.nats.url });
    stranger.publish(`agentspan.events.default.${runId}`, new Uint8Array([0x0a, 0xff]));
    await stranger.close();
    stack.orchestrator.append(runId, [done], { ended: true });
    await reader.ended;
    expect(reader.sequences).toEqual([1, 2]);
  });

  it("gives pieces of the model's text only where asked for", async () => {
    const runId = newRun();
    stack.orchestrator.append(runId, [warning()], { publish: false });
    const [with_, without] = [read(runId, { includeDeltas: true }), read(runId)];
    await until(() => with_.sequences.length === 1 && without.sequences.length === 1);
    for (const text of ["Hel", "lo"]) {
      stack.orchestrator.publish(runId, {
        events: [{ runId, event: { case: "delta", value: { turn: 1, attempt: 1, text } } }],
      });
    }
    stack.orchestrator.append(runId, [done], { ended: true });
    await Promise.all([with_.ended, without.ended]);
    expect(with_.sequences).toEqual([1, 0, 0, 2]);
    expect(with_.events.flatMap(({ event }) => (event.case === "delta" ? [event.value.text] : []))).toEqual([
      "Hel",
      "lo",
    ]);
    expect(without.sequences).toEqual([1, 2]);
  });

  it("tells the orchestrators of a wish for pieces of text, and of none where there is none", async () => {
    const [wished, plain] = [newOpenRun(), newOpenRun()];
    const readers = [read(plain), read(wished, { includeDeltas: true })];
    await until(() => readers.every(({ sequences }) => sequences.length === 1));
    await until(() => stack.orchestrator.wishes.includes(wished));
    expect(stack.orchestrator.wishes).not.toContain(plain);
    for (const reader of readers) reader.leave();
  });

  it("gives what was settled after the end, and ends; a later reader sees what came later still", async () => {
    const runId = newRun();
    stack.orchestrator.append(runId, [warning()], { publish: false });
    const reader = read(runId);
    await until(() => reader.sequences.length === 1);
    const late: EventInit = { case: "lateOutcome", value: { callId: "call_a" } };
    stack.orchestrator.append(runId, [done, late], { ended: true });
    await reader.ended;
    expect(reader.sequences).toEqual([1, 2, 3]);
    stack.orchestrator.append(runId, [late], { ended: true });
    const again = read(runId, { afterSequence: 3n });
    await again.ended;
    expect(again.sequences).toEqual([4]);
  });

  it.each(["Connect over HTTP/1.1", "gRPC", "gRPC on the second port"])(
    "with a slow reader holds up nobody, and still gives it everything: %s",
    async (protocol) => {
      const runId = newRun();
      stack.orchestrator.append(runId, [warning()], { publish: false });
      let release: () => void = () => undefined;
      const blocked = new Promise<void>((resolve) => {
        release = resolve;
      });
      const slow = read(runId, { protocol, onEvent: () => blocked });
      const quick = read(runId);
      await until(() => slow.sequences.length === 1 && quick.sequences.length === 1);
      const text = "x".repeat(10_000);
      for (let at = 0; at < 1_500; at += 1) stack.orchestrator.append(runId, [warning(text)]);
      stack.orchestrator.append(runId, [done], { ended: true });
      await quick.ended;
      expect(quick.sequences).toEqual(upTo(1_502));
      expect(slow.sequences).toEqual([1]);
      release();
      await slow.ended;
      expect(slow.sequences).toEqual(upTo(1_502));
    },
  );

  it("is compared often while its run goes on, rarely while it waits for a person, and soon again once it moves", async () => {
    const [runId, lively] = [newRun(), newOpenRun()];
    stack.orchestrator.append(runId, [warning()], { publish: false });
    const readers = [read(runId), read(lively)];
    await until(() => readers.every(({ sequences }) => sequences.length === 1));
    stack.orchestrator.seen.length = 0;
    // Both are compared by one ticker: counts tell the pace on a machine of any speed.
    const countOf = (one: string) => askedAbout().filter((id) => id === one).length;
    await until(() => countOf(runId) === 2);
    stack.orchestrator.store.run(runId).waiting = true;
    await until(() => countOf(runId) === 3);
    const before = countOf(lively);
    await until(() => countOf(runId) === 5);
    expect(countOf(lively) - before).toBeGreaterThan(2);
    stack.orchestrator.append(runId, [warning()]);
    const moved = countOf(lively);
    await until(() => countOf(runId) === 6);
    expect(countOf(lively) - moved).toBeLessThanOrEqual(2);
    for (const reader of readers) reader.leave();
  });

  it("is compared soon although the answer that it waits comes after the news that it moved", async () => {
    const [runId, lively] = [newRun(), newOpenRun()];
    stack.orchestrator.append(runId, [warning()], { publish: false });
    const readers = [read(runId), read(lively)];
    await until(() => readers.every(({ sequences }) => sequences.length === 1));
    let moved = 0;
    stack.orchestrator.on("Internal/Sequences", async ({ request }) => {
      if (!runIdsOf(request).includes(runId)) return "default";
      stack.orchestrator.on("Internal/Sequences", () => "default");
      stack.orchestrator.append(runId, [warning()]);
      await until(() => readers[0]?.sequences.length === 2);
      moved = askedAbout().length;
      const body = create(SequencesResponseSchema, { sequences: [{ runId, lastSequence: 1n, waiting: true }] });
      return { body, schema: SequencesResponseSchema };
    });
    await until(() => moved > 0);
    const since = (one: string) =>
      askedAbout()
        .slice(moved)
        .filter((id) => id === one).length;
    await until(() => since(runId) === 1);
    expect(since(lively)).toBeLessThanOrEqual(2);
    for (const reader of readers) reader.leave();
  });

  it("of many runs is compared in one question, and of none in no question", async () => {
    const ids = Array.from({ length: 50 }, () => newOpenRun());
    const readers = ids.map((runId) => read(runId));
    await until(() => readers.every(({ sequences }) => sequences.length === 1));
    stack.orchestrator.seen.length = 0;
    const questions = () => stack.orchestrator.of("Internal/Sequences").map(({ request }) => runIdsOf(request));
    await until(() => questions().some((asked) => ids.every((id) => asked.includes(id))));
    for (const reader of readers) reader.leave();
    await Promise.allSettled(readers.map(({ ended }) => ended));
    // Whoever comes next is asked about alone: nothing of the fifty is left.
    const alone = read(newOpenRun());
    await until(() => alone.sequences.length === 1);
    stack.orchestrator.seen.length = 0;
    await until(() => stack.orchestrator.of("Internal/Sequences").length >= 1);
    expect(new Set(askedAbout()).size).toBe(1);
    alone.leave();
  });

  it("of one run is given to every reader, on both gateways", async () => {
    const other = await openGateway(stack.nats.url);
    try {
      const runId = newOpenRun();
      const readers = [stack.gateway, other, other].map((gateway) => read(runId, { gateway }));
      await until(() => readers.every(({ sequences }) => sequences.length === 1));
      for (let at = 0; at < 30; at += 1) stack.orchestrator.append(runId, [warning()]);
      stack.orchestrator.append(runId, [done], { ended: true });
      await Promise.all(readers.map(({ ended }) => ended));
      for (const { sequences } of readers) expect(sequences).toEqual(upTo(32));
    } finally {
      await other.close(0);
    }
  });

  it("ends when its client's deadline has passed", async () => {
    const runId = newOpenRun();
    const streaming = (async () => {
      for await (const _ of runClient(stack.gateway, "gRPC").streamEvents({ runId }, { timeoutMs: 200 }));
    })();
    await expect(streaming).rejects.toMatchObject({ code: 4 });
  });
});

describe("when NATS goes and comes back", () => {
  const own = withStack({ compareEveryMs: { running: 500, waiting: 600_000 }, requestTimeoutMs: 1_000 });

  it("a stream goes on, with what happened meanwhile, although its run waits and was not to be compared for long", async () => {
    const runId = newRun();
    own.orchestrator.append(runId, [warning()], { publish: false });
    own.orchestrator.store.run(runId).waiting = true;
    const reader = read(runId, { gateway: own.gateway, includeDeltas: true });
    await until(() => reader.sequences.length === 1 && own.orchestrator.wishes.length === 1);
    await until(() => own.orchestrator.of("Internal/Sequences").length > 0);
    await own.nats.process.kill();
    own.orchestrator.append(runId, [warning(), warning()], { publish: false });
    await own.nats.process.restart();
    await until(() => reader.sequences.length === 3);
    // The subscription is there again, too.
    await own.orchestrator.flush();
    own.orchestrator.append(runId, [done], { ended: true });
    await reader.ended;
    expect(reader.sequences).toEqual(upTo(4));
  });
});

describe("a live message", () => {
  it("of another namespace reaches no stream here", async () => {
    const runId = newOpenRun();
    const reader = read(runId);
    await until(() => reader.sequences.length === 1);
    const message = create(LiveEventsSchema, { runId, lastSequence: 9n, ended: true });
    stack.orchestrator.publish(runId, message, "elsewhere");
    stack.orchestrator.append(runId, [done], { ended: true });
    await reader.ended;
    expect(reader.sequences).toEqual([1, 2]);
  });
});

describe("a gateway that stops", () => {
  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await openGateway(stack.nats.url);
  });
  afterAll(() => gateway.close(0));

  it("tells each stream to come back, and finishes the calls in progress", async () => {
    const runId = newOpenRun();
    const readers = PROTOCOLS.map((protocol) => read(runId, { gateway, protocol }));
    await until(() => readers.every(({ sequences }) => sequences.length === 1));
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    stack.orchestrator.seen.length = 0;
    stack.orchestrator.on("RunService/ListRuns", async () => {
      await held;
      return "default" as const;
    });
    const calls = PROTOCOLS.map((protocol) => runClient(gateway, protocol).listRuns({}));
    await until(() => stack.orchestrator.of("RunService/ListRuns").length === PROTOCOLS.length);
    const closing = gateway.close(20_000);
    for (const reader of readers) {
      expect(await refusalOf(reader.ended)).toMatchObject({ reason: "BUS_UNAVAILABLE", retryAfterMs: 500 });
    }
    await expect(runClient(gateway, "Connect with JSON").getStatus({ runId })).rejects.toThrow();
    release();
    expect(await Promise.all(calls)).toHaveLength(PROTOCOLS.length);
    await closing;
  });
});
