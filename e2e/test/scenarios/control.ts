import { newId } from "@agentspan/internal";
import { expect, it } from "vitest";
import { deskAgent, Gate, type Stack, until } from "../../src/index.js";
import { call, ended, REFUND, refusal, startRun, theApproval } from "../desk-run.js";

/** Starting, cancelling, pausing, failing models, and lists. */
export function controlScenarios(current: () => Stack): void {
  it("makes one run of one idempotency key from two clients at once, and refuses the key with another request", async () => {
    const stack = current();
    const input = stack.model.script("once", [{ text: "ok" }]);
    const options = { serve: false, idempotencyKey: newId("key") };
    const handles = await Promise.all([0, 1, 0, 1].map((at) => stack.runtime(at).start(deskAgent(), input, options)));
    expect(new Set(handles.map(({ runId }) => runId)).size).toBe(1);
    await refusal(stack.runtime(1).start(deskAgent(), `${input}!`, options), "IDEMPOTENCY_KEY_REUSED");
    await handles[0]?.wait();
    expect((await stack.runtime(1).start(deskAgent(), input, options)).runId).toBe(handles[0]?.runId);
    expect(stack.model.asked(input)).toHaveLength(1);
  });

  it("cancels in the middle of a guarded tool: the worker is told, and the end waits for what it reports", async () => {
    const stack = current();
    const hold = newId("gate");
    const args = { ...REFUND, hold, heed: true };
    const run = await startRun(stack, "cancel", [call("refund", args), { text: "never" }]);
    await theApproval(run);
    await run.handle.approve();
    await until("the tool has begun", () => stack.ledger.begun(run.runId).length === 1);
    const ending = await run.handle.cancel("changed my mind");
    expect(ending).toMatchObject({ ending: true, isComplete: false });
    const result = await ended(run);
    expect(result).toMatchObject({ state: "CANCELLED", error: { reason: "CANCELLED", message: "changed my mind" } });
    expect(
      stack.ledger
        .all()
        .filter(({ runId }) => runId === run.runId)
        .map(({ step }) => step),
    ).toEqual(["begin", "abort"]);
    const events = await eventTypes(stack, run.runId);
    expect(events.slice(-3)).toEqual(["ending", "toolResult", "cancelled"]);
  });

  it("keeps the outcome of a guarded tool that does not heed the cancellation", async () => {
    const stack = current();
    const hold = newId("gate");
    const run = await startRun(stack, "cancel deaf", [call("refund", { ...REFUND, hold }), { text: "never" }]);
    await theApproval(run);
    await run.handle.approve();
    await until("the tool has begun", () => stack.ledger.begun(run.runId).length === 1);
    expect((await run.handle.cancel()).ending).toBe(true);
    await refusal(run.handle.pause(), "RUN_ENDED");
    await stack.openGate(hold);
    expect((await ended(run)).state).toBe("CANCELLED");
    const { events } = await stack.rpc().runs.getHistory({ runId: run.runId });
    const result = events.find(({ event }) => event.case === "toolResult")?.event.value;
    expect(result).toMatchObject({ outcome: { case: "resultJson", value: '{"done":"refund","attempt":1}' } });
  });

  it("closes open approvals when a run is cancelled, and refuses decisions after that", async () => {
    const stack = current();
    const run = await startRun(stack, "cancel waiting", [call("refund", REFUND), { text: "never" }]);
    const { approvalId } = await theApproval(run);
    expect(await run.handle.cancel("no")).toMatchObject({ state: "CANCELLED", isWaiting: false, pendingApprovals: [] });
    await refusal(run.handle.approve({ approvalId }), "RUN_ENDED");
    expect(await run.handle.cancel("again")).toMatchObject({ state: "CANCELLED" });
    expect(stack.ledger.begun(run.runId)).toEqual([]);
  });

  it("takes decisions while it is paused and starts nothing until it is resumed", async () => {
    const stack = current();
    const run = await startRun(stack, "pause", [call("refund", REFUND), { text: "ok" }]);
    await theApproval(run);
    expect(await run.handle.pause("lunch")).toMatchObject({ state: "PAUSED", paused: true, isWaiting: true });
    expect((await run.handle.approve()).closed).toBe(true);
    expect(await run.handle.getStatus()).toMatchObject({ state: "PAUSED", isWaiting: false });
    // Longer than an announced task takes to be begun: another run of the same tool goes through meanwhile.
    const other = await startRun(stack, "meanwhile", [call("charge"), { text: "ok" }]);
    await ended(other);
    expect(stack.ledger.begun(run.runId)).toEqual([]);
    await stack.runtime(1).handle(run.runId).resume();
    expect((await ended(run)).state).toBe("COMPLETED");
    expect(stack.ledger.begun(run.runId)).toHaveLength(1);
  });

  it("takes the reply of a model that was asked before the pause, and asks no further before it is resumed", async () => {
    const stack = current();
    const gate = new Gate();
    const run = await startRun(stack, "pause model", [
      async () => {
        await gate.arrive();
        return call("get_order");
      },
      { text: "ok" },
    ]);
    await gate.reached;
    await run.handle.pause();
    gate.open();
    await until("the reply is taken", async () => (await eventTypes(stack, run.runId)).includes("toolCall"));
    expect(stack.ledger.begun(run.runId)).toEqual([]);
    await run.handle.resume();
    expect((await ended(run)).state).toBe("COMPLETED");
    expect(stack.model.asked(run.input)).toHaveLength(2);
  });

  it("asks a model again that takes no more calls for now", async () => {
    const stack = current();
    const run = await startRun(stack, "429", [
      ({ attempt }) =>
        attempt === 1 ? { status: 429, retryAfterMs: 20 } : attempt === 2 ? { status: 503 } : { text: "ok" },
    ]);
    expect((await ended(run)).output.result).toBe("ok");
    expect(stack.model.asked(run.input)).toHaveLength(3);
    expect((await eventTypes(stack, run.runId)).filter((type) => type === "error")).toHaveLength(2);
  });

  it("fails a run whose model refuses for good, and says what to do about it", async () => {
    const stack = current();
    const run = await startRun(stack, "401", [{ status: 401 }]);
    expect(await ended(run)).toMatchObject({ state: "FAILED", isSuccess: false, error: { reason: "MODEL_FAILED" } });
    expect(stack.model.asked(run.input)).toHaveLength(1);
  });

  it("tries a plain tool again that throws, by its policy and with the same idempotency key, and not a final error", async () => {
    const stack = current();
    const run = await startRun(stack, "retries", [
      {
        calls: [
          { tool: "get_order", args: { failures: 2 } },
          { tool: "get_customer", args: { fail: "no such customer" } },
        ],
      },
      { text: "ok" },
    ]);
    expect((await ended(run)).state).toBe("COMPLETED");
    const attempts = stack.ledger.begun(run.runId, "get_order");
    expect(attempts.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
    expect(new Set(attempts.map(({ key }) => key)).size).toBe(1);
    expect(stack.ledger.begun(run.runId, "get_customer")).toHaveLength(1);
    expect(stack.model.told(run.input)).toEqual(['{"done":"get_order","attempt":3}', "Error: no such customer"]);
  });

  it("starts a tool that its owner calls once a single time, without a person, also when it fails", async () => {
    const stack = current();
    const run = await startRun(stack, "once tool", [call("charge", { failures: 1 }), { text: "ok" }]);
    expect((await ended(run)).state).toBe("COMPLETED");
    expect(stack.ledger.begun(run.runId)).toHaveLength(1);
    expect(stack.model.told(run.input)[0]).toBe("Error: attempt 1 fails");
  });

  it("ends a run that uses up its turns", async () => {
    const stack = current();
    const agent = deskAgent("desk", { maxTurns: 2 });
    const run = await startRun(stack, "turns", [call("get_order"), call("get_order")], { agent });
    expect(await ended(run)).toMatchObject({ state: "FAILED", error: { reason: "MAX_TURNS" } });
  });

  it("fails a run at its deadline, and does not count the time that it waits for a person", async () => {
    const stack = current();
    const gate = new Gate();
    const slow = async () => {
      await gate.arrive();
      return { text: "too late" };
    };
    const late = await startRun(stack, "deadline", [slow], { deadline: "300ms" });
    const waiting = await startRun(stack, "deadline waits", [call("refund", REFUND), { text: "ok" }], {
      deadline: "2s",
    });
    const since = performance.now();
    await theApproval(waiting);
    expect(await ended(late)).toMatchObject({ state: "TIMED_OUT", error: { reason: "DEADLINE" } });
    await until("the deadline would have passed", () => performance.now() - since > 2_200);
    await waiting.handle.approve();
    expect((await ended(waiting)).state).toBe("COMPLETED");
    gate.open();
  });
}

async function eventTypes(stack: Stack, runId: string): Promise<readonly string[]> {
  const { events } = await stack.rpc(1).runs.getHistory({ runId });
  return events.map(({ event }) => event.case ?? "");
}
