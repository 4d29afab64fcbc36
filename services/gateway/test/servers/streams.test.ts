// What a stream gives: history, then what happens, each event once and in order.
import { LiveEventsSchema } from "@agentspan/proto";
import { create } from "@bufbuild/protobuf";
import { connect } from "nats";
import { describe, expect, it } from "vitest";
import type { EventInit } from "../fake-orchestrator.js";
import { PROTOCOLS, refusalOf, until, withStack } from "./harness.js";
import { done, streamsAt, upTo, warning } from "./stream-readers.js";

const stack = withStack({ compareEveryMs: { running: 300, waiting: 1_500 } });
const { askedAbout, historiesRead, newOpenRun, newRun, read } = streamsAt(stack);

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
    expect(historiesRead(runId)).toBe(3);
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
