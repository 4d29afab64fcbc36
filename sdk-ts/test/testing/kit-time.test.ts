// Time in the kit's stack passes when the test says so, and everything in it heeds that.
import { Agent, tool } from "@agentspan/sdk";
import {
  after,
  approve,
  approveWith,
  calls,
  expectRun,
  fails,
  type Kit,
  type KitRun,
  memoryKit,
  reject,
  says,
  settle,
  workerLost,
} from "@agentspan/sdk/testing";
import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { ORDER, REFUND, refundAgent, till } from "./refund-agent.js";

const DAY_MS = 86_400_000;
const asksForRefund = [calls("process_refund", REFUND), says("Done.")];

let kit: Kit;
afterEach(() => kit.stop());

async function stateOf(run: KitRun): Promise<string> {
  return (await run.status()).state;
}

/** Of one tool, whose function never ends unless the test says otherwise. */
function agentOf(options: {
  readonly approvalRequired?: boolean;
  readonly once?: boolean;
  readonly timeout: "5m";
}): Agent {
  const endless = tool(() => new Promise(() => undefined), {
    name: "transfer",
    description: "Transfers money.",
    inputSchema: z.object({}),
    retry: { maxAttempts: 2, initialBackoff: "1s" },
    ...options,
  });
  return new Agent({ name: "bank", model: "openai/gpt-4o-mini", tools: [endless] });
}

describe("the kit's clock", () => {
  it("stands still, and begins where the test says", async () => {
    const startsAt = new Date("2026-03-01T12:00:00Z");
    kit = await memoryKit({ model: [], startsAt });
    expect(kit.now()).toEqual(startsAt);
    await kit.advance("1h");
    expect(kit.now().getTime()).toBe(startsAt.getTime() + 3_600_000);
  });

  it("lets an approval expire when its time has come, and not before", async () => {
    kit = await memoryKit({ model: asksForRefund });
    const run = await kit.start(refundAgent(till(), { expiresIn: "30d" }), "Refund ORD-8821");
    await run.waiting("process_refund");
    await kit.advance("29d");
    expect(await stateOf(run)).toBe("WAITING");
    await kit.advance("1d");
    const result = await run.result();
    expectRun(result).completed().expired("process_refund").didNotUseTool("process_refund");
    const [asked, closed] = ["waiting", "checkpoint_closed"].map((type) =>
      result.events.find((one) => one.type === type),
    );
    const dates = [asked, closed].map((event) =>
      event !== undefined && "at" in event ? (event.at?.getTime() ?? 0) : 0,
    );
    const [from = 0, to = 0] = dates;
    expect(to - from).toBeGreaterThanOrEqual(30 * DAY_MS);
    expect(to - from).toBeLessThan(30 * DAY_MS + 5_000);
  });

  it("lets people take their time, in the order of their times", async () => {
    kit = await memoryKit({
      model: [
        calls("process_refund", REFUND),
        calls("process_refund", ORDER),
        calls("process_refund", REFUND),
        says("Done."),
      ],
      decisions: { process_refund: [after("30d", approve()), after("2d", reject("Too late by now."))] },
    });
    const begun = kit.now().getTime();
    const of = till();
    const result = await kit.run(refundAgent(of), "Refund ORD-8821");
    expectRun(result).completed().approved("process_refund").rejected("process_refund", "Too late by now.");
    expect(of.refunds).toEqual([REFUND]);
    expect(Math.floor((kit.now().getTime() - begun) / DAY_MS)).toBe(32);
  });

  it("drops a decision that somebody makes after the approval has expired", async () => {
    kit = await memoryKit({ model: asksForRefund, decisions: { process_refund: after("3d", approve()) } });
    const result = await kit.run(refundAgent(till(), { expiresIn: "2d" }), "Refund ORD-8821");
    expectRun(result).completed().expired("process_refund").didNotUseTool("process_refund");
  });

  it("is heeded by the waits between attempts, of the model and of tools", async () => {
    const of = till();
    kit = await memoryKit({ model: [fails(), fails(), calls("get_order", ORDER), says("Found.")] });
    const begun = kit.now().getTime();
    expectRun(await kit.run(refundAgent(of, { failures: 2 }), "Where is it?")).completed();
    expect(kit.now().getTime() - begun).toBeGreaterThan(1_000);
    expect(of.lookups).toBe(3);
  });

  it("ends a plain tool that runs past its time-out, and it is tried again", async () => {
    kit = await memoryKit({ model: [calls("transfer"), says("It failed.")] });
    const run = await kit.start(agentOf({ timeout: "5m" }), "Transfer");
    await kit.advance("4m");
    expect((await run.soFar()).events.filter(({ type }) => type === "error")).toHaveLength(0);
    await kit.advance("2m");
    expect((await run.soFar()).events.filter(({ type }) => type === "tool_started")).toHaveLength(2);
    await kit.advance("10m");
    expectRun(await run.soFar())
      .completed()
      .eventSequence(["error", { type: "tool_result" }]);
  });

  it("opens a settlement where a guarded tool runs past its time-out", async () => {
    kit = await memoryKit({
      model: [calls("transfer"), says("It happened.")],
      decisions: { transfer: settle("HAPPENED", { result: { transferred: true } }) },
    });
    const run = await kit.start(agentOf({ once: true, timeout: "5m" }), "Transfer");
    await kit.advance("6m");
    expectRun(await run.soFar())
      .completed()
      .eventsContain({ type: "waiting", kind: "SETTLEMENT" });
  });

  it("ends the lease of a worker that is lost: what it ran is asked about, and never run again by itself", async () => {
    const of = till();
    kit = await memoryKit({
      model: asksForRefund,
      decisions: { process_refund: [approve(), settle("GIVE_UP")] },
      tools: { process_refund: () => workerLost() },
    });
    const result = await kit.run(refundAgent(of), "Refund ORD-8821");
    expectRun(result)
      .completed()
      .eventSequence([
        { type: "waiting", kind: "APPROVAL" },
        { type: "waiting", kind: "SETTLEMENT" },
      ]);
    expect(of.refunds).toEqual([]);
  });

  it("is carried on by a run of a plain tool whose worker is lost once", async () => {
    let tries = 0;
    kit = await memoryKit({
      model: [calls("get_order", ORDER), says("Found.")],
      tools: { get_order: () => (++tries === 1 ? workerLost() : { status: "delivered" }) },
    });
    expectRun(await kit.run(refundAgent(till()), "Where is it?"))
      .completed()
      .eventsContain({ type: "error", reason: "TOOL_DISOWNED" });
    expect(tries).toBe(2);
  });

  it("brings reminders while nobody decides", async () => {
    const remind = tool(() => 1, {
      name: "pay",
      description: "Pays.",
      inputSchema: z.object({ amount: z.number() }),
      approval: { remindEvery: "1d" },
    });
    kit = await memoryKit({
      model: [calls("pay", { amount: 1 }), says("Paid.")],
      decisions: { pay: after("73h", approveWith({ amount: 2 })) },
    });
    const run = await kit.run(new Agent({ name: "payer", model: "openai/gpt-4o-mini", tools: [remind] }), "Pay");
    expect(run.events.filter(({ type }) => type === "reminded")).toHaveLength(3);
    expectRun(run).completed().usedTool("pay", { amount: 2 });
  });
});
