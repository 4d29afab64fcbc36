// People in a kit: several of them, looking at previews, and deciding in the middle of a test.
import { Agent, tool } from "@agentspan/sdk";
import { approve, calls, expectRun, type Kit, memoryKit, reject, says, workerLost } from "@agentspan/sdk/testing";
import { afterEach, expect, it } from "vitest";
import { z } from "zod";
import { REFUND, refundAgent, till } from "./refund-agent.js";

let kit: Kit;
afterEach(() => kit.stop());

interface Account {
  balance: number;
}

/** A transfer that shows what it would do before it is approved, and again before it runs. */
function transferAgent(account: Account, looks: { count: number } = { count: 0 }): Agent {
  const transfer = tool(({ amount }) => (account.balance -= amount), {
    name: "transfer",
    description: "Transfers money.",
    inputSchema: z.object({ amount: z.number() }),
    approvalRequired: true,
    preview: ({ amount }) => {
      looks.count += 1;
      return { before: account.balance, after: account.balance - amount };
    },
  });
  return new Agent({ name: "bank", model: "openai/gpt-4o-mini", tools: [transfer] });
}

it("each of several people has a vote, and the call runs when enough of them agree", async () => {
  const pay = tool(() => "paid", {
    name: "pay",
    description: "Pays.",
    inputSchema: z.object({}),
    approval: { approvers: { users: ["maria", "tom", "eve"] }, votes: 2 },
  });
  kit = await memoryKit({
    model: [calls("pay"), calls("pay"), says("Done.")],
    decisions: { pay: [approve({ by: "maria" }), approve({ by: "tom" }), reject("twice", { by: "eve" })] },
  });
  const run = await kit.run(new Agent({ name: "payer", model: "openai/gpt-4o-mini", tools: [pay] }), "Pay");
  expectRun(run)
    .completed()
    .eventSequence(["waiting", "voted", "decided", "waiting", "decided"])
    .approved("pay", "tom");
  expectRun(run).rejected("pay", "twice");
});

it("whoever decides by the script looks at what the call would do, and it is compared when the call runs", async () => {
  const [account, looks] = [{ balance: 100 }, { count: 0 }];
  kit = await memoryKit({
    model: [calls("transfer", { amount: 30 }), says("Done.")],
    decisions: { transfer: approve() },
  });
  const run = await kit.run(transferAgent(account, looks), "Transfer 30");
  expectRun(run)
    .completed()
    .eventSequence([
      "waiting",
      { type: "preview_taken", purpose: "SHOWN", status: "SHOWN" },
      "decided",
      { type: "preview_taken", purpose: "CHECKED", drifted: false },
      "tool_started",
    ]);
  expect([account.balance, looks.count]).toEqual([70, 2]);
});

it("people are asked again where that has changed meanwhile", async () => {
  const account = { balance: 100 };
  kit = await memoryKit({
    model: [calls("transfer", { amount: 30 }), says("Done.")],
    decisions: {
      transfer: [
        {
          ...approve(),
          act: async (handle, approval) =>
            approve()
              .act?.(handle, approval)
              .finally(() => account.balance--) ?? false,
        },
        reject("not any more"),
      ],
    },
  });
  const run = await kit.run(transferAgent(account), "Transfer 30");
  expectRun(run)
    .completed()
    .eventsContain({ type: "preview_taken", drifted: true })
    .rejected("transfer", "not any more");
  expect(account.balance).toBe(99);
});

it("a test decides by itself, in the middle of a run", async () => {
  const of = till();
  kit = await memoryKit({
    model: [calls("process_refund", REFUND), calls("process_refund", REFUND), says("Done.")],
  });
  const run = await kit.start(refundAgent(of), "Refund ORD-8821");
  const approval = await run.waiting("process_refund");
  expect(approval).toMatchObject({ kind: "APPROVAL", arguments: REFUND, agentName: "refund_agent" });
  await run.reject("not yet", { by: "maria" });
  expect(of.refunds).toEqual([]);
  await run.approveWith({ ...REFUND, amount: 1 }, { comment: "half a heart" });
  expectRun(await run.result())
    .completed()
    .rejected("process_refund", "not yet")
    .usedTool("process_refund", { ...REFUND, amount: 1 });
});

it("a test settles what nobody knows", async () => {
  kit = await memoryKit({
    model: [calls("process_refund", REFUND), says("Done.")],
    decisions: { process_refund: [approve()] },
    tools: { process_refund: () => workerLost() },
  });
  const run = await kit.start(refundAgent(till()), "Refund ORD-8821");
  await run.waiting();
  await run.settle("HAPPENED", { result: { refunded: true } });
  const result = await run.result();
  expectRun(result).completed().eventsContain({ type: "waiting", kind: "SETTLEMENT" });
  expect(result.calls[0]?.outcome).toMatchObject({ kind: "result", value: { refunded: true } });
});
