// Long runs, large results and many calls: what is stored, what is read through the gateway, and what is streamed are one
// and the same history, also where it has moved out of the run's document.

import { digestOf } from "@agentspan/internal";
import { EventSchema } from "@agentspan/proto";
import { toBinary } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { call, ended, REFUND, startRun, theApproval, waitingFor } from "../desk-run.js";
import { withStack } from "../stack-fixture.js";
import { expectHistoriesToFold, storedHistories } from "../stored-histories.js";

const KiB = 1024;

describe("a history", () => {
  const stack = withStack({ orchestrators: 2, gateways: 2 });

  it("of a long run moves out of its document, and is read, streamed and told to the model as if it had not", async () => {
    const { current } = stack;
    const turns = Array.from({ length: 10 }, (_, at) => call("get_order", { order_id: `ORD-${at}`, bytes: 120 * KiB }));
    const run = await startRun(current, "long", [...turns, call("refund", REFUND), { text: "ok" }]);
    await theApproval(run);
    const watched = readStream(run.runId, 0n);
    await run.handle.approve();
    expect((await ended(run)).state).toBe("COMPLETED");

    const stored = (await storedHistories(current.database)).find((history) => history.run.runId === run.runId);
    expect(stored?.document.chunks.length).toBeGreaterThan(1);
    const read = await readHistory(run.runId);
    expect(read).toHaveLength(stored?.events.length ?? 0);
    expect(await watched).toEqual(read);
    for (const after of [1n, 7n, 20n]) expect(await readStream(run.runId, after)).toEqual(read.slice(Number(after)));
    expect(current.model.told(run.input)).toHaveLength(11);
    expect(current.model.told(run.input).map((text) => text.length > 100 * KiB)).toEqual([
      ...turns.map(() => true),
      false,
    ]);
  });

  it("keeps a plain result that is too large out, and of a guarded one its digest, size and head", async () => {
    const { current } = stack;
    const run = await startRun(current, "large", [
      call("get_order", { bytes: 300 * KiB }),
      call("refund", { ...REFUND, bytes: 300 * KiB }),
      { text: "ok" },
    ]);
    await theApproval(run);
    await run.handle.approve();
    expect((await ended(run)).state).toBe("COMPLETED");
    const [plain, guarded] = current.model.told(run.input);
    expect(plain).toMatch(/^Error: .*limit/);
    expect(guarded).toMatch(/^The tool succeeded\. Its result has \d+ bytes/);
    expect(current.ledger.begun(run.runId, "refund")).toHaveLength(1);
    const outcomes: unknown[] = [];
    for await (const event of run.handle.stream()) if (event.type === "tool_result") outcomes.push(event.outcome);
    expect(outcomes[1]).toMatchObject({ kind: "truncated", digest: expect.stringMatching(/^sha256:/) });
  });

  it("has every call of a turn of a hundred and twenty-eight, and tells the model of those over the limit", async () => {
    const { current } = stack;
    const calls = Array.from({ length: 130 }, (_, at) => ({ tool: "get_order", args: { at } }));
    const run = await startRun(current, "wide", [{ calls }, { text: "ok" }]);
    expect((await ended(run)).state).toBe("COMPLETED");
    const told = current.model.told(run.input);
    expect(told.filter((text) => text === '{"done":"get_order","attempt":1}')).toHaveLength(128);
    expect(told.slice(128)).toEqual([expect.stringMatching(/^Error: .*128/), expect.stringMatching(/^Error: .*128/)]);
    const begun = current.ledger.begun(run.runId).map(({ args }) => args);
    expect(new Set(begun).size).toBe(128);
    expect(begun).toHaveLength(128);
  });

  it("of many approvals in one turn shows each of them, whatever their arguments weigh", async () => {
    const { current } = stack;
    const calls = Array.from({ length: 6 }, (_, at) => ({ tool: "email", args: { at, body: "x".repeat(200 * KiB) } }));
    const run = await startRun(current, "heavy", [{ calls }, { text: "ok" }]);
    const { pendingApprovals } = await waitingFor(run, 6);
    // A status carries what fits into a message; a handle and each approval by itself show the whole.
    const { approvals, runs } = current.rpc(1);
    const { status } = await runs.getStatus({ runId: run.runId });
    expect(status?.pendingApprovals.some(({ argumentsJson }) => argumentsJson === "")).toBe(true);
    for (const [at, { approvalId, argumentsDigest, argumentsJson }] of pendingApprovals.entries()) {
      const { approval } = await approvals.getApproval({ runId: run.runId, approvalId });
      expect(argumentsJson).toBe(approval?.argumentsJson);
      expect(approval?.argumentsJson.startsWith(`{"at":${at},`)).toBe(true);
      expect(digestOf(approval?.argumentsJson ?? "")).toBe(argumentsDigest);
      await run.handle.reject("too heavy", { approvalId });
    }
    expect((await ended(run)).state).toBe("COMPLETED");
  });

  it("folds into its document", async () => {
    expect(await expectHistoriesToFold(stack.current)).toBe(4);
  });

  async function readHistory(runId: string): Promise<readonly string[]> {
    const events: string[] = [];
    for (;;) {
      const page = await stack.current.rpc(1).runs.getHistory({ runId, afterSequence: BigInt(events.length) });
      events.push(...page.events.map((event) => Buffer.from(toBinary(EventSchema, event)).toString("base64")));
      if (!page.more) return events;
    }
  }

  async function readStream(runId: string, afterSequence: bigint): Promise<readonly string[]> {
    const events: string[] = [];
    for await (const { event } of stack.current.rpc().runs.streamEvents({ runId, afterSequence })) {
      if (event !== undefined) events.push(Buffer.from(toBinary(EventSchema, event)).toString("base64"));
    }
    return events;
  }
});
