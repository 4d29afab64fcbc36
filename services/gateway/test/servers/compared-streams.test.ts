// Runs that are watched are compared with what is stored: so a stream has what no message told.
import { SequencesResponseSchema } from "@agentspan/proto";
import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { until, withStack } from "./harness.js";
import { done, runIdsOf, streamsAt, upTo, warning } from "./stream-readers.js";

const stack = withStack({ compareEveryMs: { running: 300, waiting: 1_500 } });
const { askedAbout, newOpenRun, newRun, read } = streamsAt(stack);

describe("a stream", () => {
  it("finds the last events, the end among them, although no message of them came", async () => {
    const runId = newRun();
    stack.orchestrator.append(runId, [warning()], { publish: false });
    const reader = read(runId);
    await until(() => reader.sequences.length === 1);
    stack.orchestrator.append(runId, [warning(), done], { publish: false, ended: true });
    await reader.ended;
    expect(reader.sequences).toEqual([1, 2, 3]);
  });

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
