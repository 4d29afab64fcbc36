// Those who read streams: slow ones and many, those who want the model's text in pieces, and those who must come back.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Gateway } from "../../src/gateway.js";
import { openGateway, PROTOCOLS, refusalOf, runClient, until, withStack } from "./harness.js";
import { done, streamsAt, upTo, warning } from "./stream-readers.js";

const stack = withStack({ compareEveryMs: { running: 300, waiting: 1_500 } });
const { newOpenRun, newRun, read } = streamsAt(stack);

describe("a stream", () => {
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
