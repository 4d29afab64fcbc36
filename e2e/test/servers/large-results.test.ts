// Results of 5 MiB. A plain tool's is refused by its worker, with the size and the limit; a guarded tool has had its
// effect, so of its result digest, size and head are kept. The run goes on either way.
import { createHash } from "node:crypto";
import { Limits } from "@agentspan/internal";
import { describe, expect, it } from "vitest";
import { until } from "../../src/index.js";
import { call, ended, REFUND, startRun, theApproval } from "../desk-run.js";
import { withStack } from "../stack-fixture.js";
import { expectHistoriesToFold } from "../stored-histories.js";

const MiB = 1024 * 1024;
/** Of events in a run's document. */
const DOCUMENT_BYTES = 4 * MiB;

/** What a tool of the desk returns, as JSON. */
function resultOf(tool: string, bytes: number): { readonly sizeBytes: number; readonly digest: string; head: string } {
  const text = JSON.stringify({ done: tool, filler: "x".repeat(bytes) });
  const digest = `sha256:${createHash("sha256").update(text).digest("hex")}`;
  return { sizeBytes: Buffer.byteLength(text), digest, head: text.slice(0, 200) };
}

describe("a result that is too large", () => {
  const stack = withStack();

  async function resultEvent(runId: string) {
    const { events } = await stack.current.rpc().runs.getHistory({ runId });
    const found = events.find(({ event }) => event.case === "toolResult");
    if (found?.event.case !== "toolResult") throw new Error(`Run ${runId} has no result.`);
    return found.event.value.outcome;
  }

  async function results(runId: string): Promise<number> {
    const [stored] = await stack.current.database
      .collection("runs")
      .find({ _id: runId } as object)
      .toArray();
    const { turn } = JSON.parse(String(stored?.run)) as {
      readonly turn: { readonly calls: readonly { readonly state: { readonly kind: string } }[] };
    };
    return turn.calls.filter(({ state }) => state.kind === "finished").length;
  }

  it("of a plain tool is refused with the size and the limit, once and for all, and the model is told", async () => {
    const run = await startRun(stack.current, "plain", [call("get_order", { bytes: 5 * MiB }), { text: "ok" }]);
    expect((await ended(run)).state).toBe("COMPLETED");
    const { sizeBytes } = resultOf("get_order", 5 * MiB);
    const refusal = `The tool's result has ${sizeBytes} bytes of JSON; the limit is ${Limits.resultBytes}.`;
    expect(await resultEvent(run.runId)).toEqual({ case: "error", value: refusal });
    expect(stack.current.model.told(run.input)).toEqual([`Error: ${refusal}`]);
    // What is too large once is too large each time.
    expect(stack.current.ledger.begun(run.runId)).toHaveLength(1);
  });

  it.each([
    ["5 MiB, more than a message takes", 5 * MiB],
    ["half a MiB, which fits a message", MiB / 2],
  ])("of a guarded tool is kept as digest, size and head: %s", async (name, bytes) => {
    const run = await startRun(stack.current, name, [call("refund", { ...REFUND, bytes }), { text: "ok" }]);
    await theApproval(run);
    await run.handle.approve();
    expect((await ended(run)).state).toBe("COMPLETED");
    const { sizeBytes, digest, head } = resultOf("refund", bytes);
    const outcome = await resultEvent(run.runId);
    if (outcome.case === "truncated") {
      expect(outcome.value).toMatchObject({ digest, sizeBytes: BigInt(sizeBytes) });
      expect(outcome.value.head.startsWith(head)).toBe(true);
    } else {
      // Its worker cut it: the whole would not have come through.
      expect(outcome.case).toBe("resultJson");
      const kept = JSON.parse(String(outcome.value)) as { readonly head: string };
      expect(kept).toMatchObject({ truncated: true, digest, sizeBytes });
      expect(kept.head.startsWith(head)).toBe(true);
      expect(Buffer.byteLength(String(outcome.value))).toBeLessThan(8 * 1024);
    }
    const [told = ""] = stack.current.model.told(run.input);
    expect(told).toContain(String(sizeBytes));
    expect(told).toContain("filler");
    expect(stack.current.ledger.begun(run.runId)).toHaveLength(1);
  });

  it("is none where each fits: a turn of 10 MiB goes on, and what it asked about is still shown and run", async () => {
    const calls = Array.from({ length: 40 }, () => ({ tool: "get_order", args: { bytes: 250 * 1024 } }));
    const turn = { calls: [{ tool: "refund", args: REFUND }, ...calls] };
    const run = await startRun(stack.current, "a large turn", [turn, { text: "ok" }]);
    await until("all but the refund have a result", async () => (await results(run.runId)) === calls.length);
    const { argumentsJson } = await theApproval(run);
    expect(JSON.parse(argumentsJson)).toEqual(REFUND);
    await run.handle.approve();
    expect((await ended(run)).state).toBe("COMPLETED");
    const told = stack.current.model.told(run.input);
    expect(told).toHaveLength(calls.length + 1);
    for (const text of told.slice(1)) expect(text).toContain("filler");
    const [stored] = await stack.current.database
      .collection("runs")
      .find({ _id: run.runId } as object)
      .toArray();
    expect(stored?.inlineBytes).toBeLessThan(DOCUMENT_BYTES);
    expect(stored?.totalBytes).toBeGreaterThan(2 * DOCUMENT_BYTES);
  });

  it("leaves histories that fold into their documents", async () => {
    expect(await expectHistoriesToFold(stack.current)).toBe(4);
  });
});
