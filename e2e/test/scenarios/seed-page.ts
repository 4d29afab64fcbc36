import { expect, it } from "vitest";
import { deskAgent, Gate, type Stack } from "../../src/index.js";
import { approvalOf, call, ended, REFUND, startRun, theApproval, waitingFor } from "../desk-run.js";

/** What the introduction promises. */
export function seedPageScenarios(current: () => Stack): void {
  it("answers a start before any model call, when the run is in MongoDB", async () => {
    const stack = current();
    const gate = new Gate();
    const run = await startRun(stack, "start", [
      async () => {
        await gate.arrive();
        return { text: "hello" };
      },
    ]);
    expect(await stack.database.collection<{ _id: string }>("runs").findOne({ _id: run.runId })).toMatchObject({
      state: "RUNNING",
    });
    expect((await run.handle.getStatus()).lastSequence).toBe(1);
    gate.open();
    expect((await ended(run)).output).toEqual({ result: "hello", finishReason: "STOP" });
  });

  it("runs plain tools by themselves, pauses before the gated one, and executes it exactly once when approved", async () => {
    const stack = current();
    const run = await startRun(stack, "refund", [
      call("get_order", { order_id: "ORD-8821" }),
      call("get_customer", { customer_id: "cust_001" }),
      call("refund", REFUND),
      { text: "Refunded." },
    ]);
    const status = await waitingFor(run);
    expect(status).toMatchObject({ state: "WAITING", isWaiting: true, isRunning: false, isComplete: false });
    const approval = approvalOf(status.pendingApprovals);
    expect(approval).toMatchObject({ kind: "APPROVAL", toolName: "refund", arguments: REFUND });
    expect(stack.ledger.begun(run.runId).map(({ tool }) => tool)).toEqual(["get_order", "get_customer"]);

    expect(await stack.runtime(1).handle(run.runId).approve()).toMatchObject({ closed: true, votesMissing: 0 });
    const result = await ended(run);
    expect(result).toMatchObject({ state: "COMPLETED", isSuccess: true, output: { result: "Refunded." } });
    const refunds = stack.ledger.begun(run.runId, "refund");
    expect(refunds).toMatchObject([{ attempt: 1, args: approval.argumentsJson, approvalId: approval.approvalId }]);
    expect(await run.handle.getStatus()).toMatchObject({ state: "COMPLETED", isWaiting: false, isComplete: true });
  });

  it("gives the model the reason of a rejection, and completes with what the model makes of it", async () => {
    const stack = current();
    const run = await startRun(stack, "reject", [call("refund", REFUND), { text: "It was too much, sorry." }]);
    await waitingFor(run);
    await run.handle.reject("the amount is too high");
    expect(await ended(run)).toMatchObject({ state: "COMPLETED", output: { result: "It was too much, sorry." } });
    expect(stack.model.told(run.input)).toEqual(["Rejected by a person: the amount is too high"]);
    expect(stack.ledger.begun(run.runId)).toEqual([]);
  });

  it("pauses anew before each gated call, with an approval of its own", async () => {
    const stack = current();
    const run = await startRun(stack, "twice", [
      call("refund", REFUND),
      call("email", { to: "alex@example.com" }),
      { text: "Both done." },
    ]);
    const first = await theApproval(run);
    await run.handle.approve();
    const second = await theApproval(run);
    expect(second.approvalId).not.toBe(first.approvalId);
    expect(second.toolName).toBe("email");
    expect(stack.ledger.begun(run.runId).map(({ tool }) => tool)).toEqual(["refund"]);
    await run.handle.approve();
    expect((await ended(run)).output.result).toBe("Both done.");
    expect(stack.ledger.begun(run.runId).map(({ tool }) => tool)).toEqual(["refund", "email"]);
  });

  it("starts a plain call of a turn at once while each gated one waits for its own decision, in any order", async () => {
    const stack = current();
    const run = await startRun(stack, "many in one turn", [
      {
        calls: [
          { tool: "refund", args: REFUND },
          { tool: "get_order", args: { order_id: "ORD-1" } },
          { tool: "email", args: { to: "a" } },
          { tool: "email", args: { to: "b" } },
        ],
      },
      { text: "Done." },
    ]);
    const { pendingApprovals } = await waitingFor(run, 3);
    await run.handle.getStatus();
    const [refund, first, second] = pendingApprovals;
    expect([refund, first, second].map((approval) => approval?.toolName)).toEqual(["refund", "email", "email"]);
    await run.handle.approve({ approvalId: second?.approvalId ?? "" });
    await run.handle.reject("not now", { approvalId: refund?.approvalId ?? "" });
    const left = await waitingFor(run, 1);
    expect(left.pendingApprovals[0]?.approvalId).toBe(first?.approvalId);
    expect(stack.model.asked(run.input)).toHaveLength(1);
    await run.handle.approve({ approvalId: first?.approvalId ?? "" });
    expect((await ended(run)).state).toBe("COMPLETED");
    expect(stack.model.told(run.input)).toEqual([
      "Rejected by a person: not now",
      '{"done":"get_order","attempt":1}',
      '{"done":"email","attempt":1}',
      '{"done":"email","attempt":1}',
    ]);
    const begun = stack.ledger.begun(run.runId);
    expect(begun[0]?.tool).toBe("get_order");
    expect(begun.filter(({ tool }) => tool === "email").map(({ args }) => args)).toEqual(['{"to":"b"}', '{"to":"a"}']);
    expect(begun).toHaveLength(3);
  });

  it("streams a run's events to a program that approves at the waiting event and reads the output of done", async () => {
    const stack = current();
    const input = stack.model.script("stream", [call("refund", REFUND), { text: "Streamed." }]);
    const stream = stack.runtime().stream(deskAgent(), input, { serve: false });
    const seen: string[] = [];
    for await (const event of stream) {
      seen.push(event.type);
      if (event.type === "waiting") await stream.approve();
      if (event.type === "done") expect(event.output).toEqual({ result: "Streamed.", finishReason: "STOP" });
    }
    expect(seen).toEqual([
      ...["run_started", "model_replied", "tool_call", "waiting", "decided", "tool_started", "tool_result"],
      ...["model_replied", "done"],
    ]);
  });
}
