// What runs of a kit must not let pass: approvals that nobody gave, that were hidden, and what other runs did.
import { Agent, tool } from "@agentspan/sdk";
import { after, approve, calls, expectRun, memoryKit, says, settle, workerLost } from "@agentspan/sdk/testing";
import "@agentspan/sdk/testing/vitest";
import { expect, it } from "vitest";
import { z } from "zod";
import { deskAgent, ORDER, REFUND, refundAgent, till } from "./refund-agent.js";

const refund = calls("process_refund", REFUND);

it("a tool that a person approved a day later began after the others of its reply", async () => {
  const model = [refund.and("get_order", ORDER), says("Done.")];
  await using kit = await memoryKit({ model, decisions: { process_refund: after("1d", approve()) } });
  const run = await kit.run(refundAgent(till()), "Refund");
  expectRun(run).toolCallOrder(["get_order", "process_refund"]);
  expect(run).not.toHaveUsedToolsInOrder(["process_refund", "get_order"]);
});

it("what became of a call later does not hide who approved it", async () => {
  await using kit = await memoryKit({
    model: [refund, says("Done.")],
    decisions: {
      process_refund: ({ kind }) => {
        return kind === "APPROVAL" ? approve({ by: "ann" }) : settle("HAPPENED", { result: 1, by: "bob" });
      },
    },
    tools: { process_refund: () => workerLost() },
  });
  const run = await kit.run(refundAgent(till()), "Refund");
  expectRun(run).approved("process_refund").approved("process_refund", "ann");
  expect(run).not.toHaveBeenApproved("process_refund", "bob");
  expect(run.calls[0]?.decisions.map(({ outcome, by }) => [outcome, by])).toEqual([
    ["APPROVED", "ann"],
    ["HAPPENED", "bob"],
  ]);
  expect(() => expectRun(run).rejected()).toThrow("was approved by ann, had happened by the word of bob, ran: 1.");
});

it("where several must agree, each of them has approved", async () => {
  const wire = tool(() => 1, {
    ...{ name: "wire", description: "Wires.", inputSchema: z.object({}) },
    approval: { approvers: { users: ["maria", "jo", "eve"] }, votes: 2 },
  });
  const agent = new Agent({ name: "wirer", model: "a/b", tools: [wire] });
  await using kit = await memoryKit({ model: [calls("wire"), says("Wired.")] });
  const started = await kit.start(agent, "Wire");
  await started.approve({ by: "maria" });
  expectRun(await started.soFar()).approved("wire", "maria");
  expect(await started.soFar()).not.toHaveBeenApproved("wire");
  await started.approve({ by: "jo" });
  const run = await started.result();
  expectRun(run).approved("wire", "maria").approved("wire", "jo").approved("wire");
  expect(run.calls[0]?.votes).toEqual([{ outcome: "APPROVED", by: "maria", comment: "" }]);
  expect(() => expectRun(run).approved("wire", "eve")).toThrow("had the vote of maria, was approved by jo, ran: 1.");
});

it("what a standing grant allowed, no person approved", async () => {
  await using kit = await memoryKit({ model: [refund, says("Done.")] });
  const grant = {
    agent: "refund_agent",
    tool: "process_refund",
    rule: "args.amount < 1000",
    expiresIn: "7d",
    maxUses: 5,
  };
  const agent = refundAgent(till());
  // So that the server knows the agent.
  const first = await kit.start(agent, "Refund");
  await first.approve();
  await first.result();
  await kit.runtime.grants.create(grant as Parameters<typeof kit.runtime.grants.create>[0]);
  await kit.advance("3s");
  const run = await kit.run(agent, "Refund");
  expectRun(run).allowedByGrant("process_refund").usedTool("process_refund");
  expect(run).not.toHaveBeenApproved("process_refund");
  expect(await first.result()).not.toHaveBeenAllowedByGrant();
  expect(() => expectRun(run).approved()).toThrow("was allowed by a grant of ");
});

it("what a run did that another one started is told by itself, and its opposite is not held of the other", async () => {
  await using kit = await memoryKit({
    model: {
      desk: [calls("refund_agent", { input: "Refund" }), says("Done.")],
      refund_agent: [refund, says("Refunded.")],
    },
    decisions: { process_refund: approve() },
  });
  const run = await kit.run(deskAgent(till()), "Refund");
  const [child] = run.childRuns;
  expect(child?.agentName).toBe("refund_agent");
  const look = `Look at await kit.tested("${child?.runId}") for refund_agent.`;
  expect(() => expectRun(run).didNotUseTool("process_refund")).toThrow(look);
  expect(() => expect(run).not.toHaveUsedTool("process_refund")).toThrow(look);
  expect(() => expect(run).not.toHaveBeenApproved("process_refund")).toThrow(look);
  expect(() => expect(run).not.toHaveBeenApproved()).toThrow(look);
  expect(() => expectRun(run).approved("process_refund")).toThrow(look);
  expect(() => expectRun(run).usedTimes("process_refund", 0)).toThrow(look);
  expect(() => expectRun(run).didNotUseTool("process_refnd")).toThrow("The agent desk has no tool process_refnd");
  expectRun(run).usedTool("refund_agent").toolsUsedExactly(["refund_agent"]).paused().paused("process_refund");
  expect(() => expect(run).not.toHavePausedFor()).toThrow("Expected the run not to have waited for a person.");
  const below = await kit.tested(child?.runId ?? "");
  expectRun(below).approved("process_refund").usedTool("process_refund", REFUND);
  expect(() => expectRun(below).didNotUseTool("process_refnd")).toThrow("The agent refund_agent has no tool");
});

it("a run that was cancelled, and one that took too long, say so", async () => {
  await using kit = await memoryKit({ model: [refund, says("Done.")] });
  const started = await kit.start(refundAgent(till()), "Refund");
  await started.waiting();
  await started.cancel("not today");
  const cancelled = await started.soFar();
  expectRun(cancelled).cancelled();
  expect(cancelled).toHaveBeenCancelled();
  expect(cancelled).not.toHaveTimedOut();
  expect(() => expectRun(cancelled).timedOut()).toThrow("Expected the run to have timed out.\nIt is CANCELLED");
});

it("a kit's run that may go on, and its promise, are no runs to expect something of", async () => {
  await using kit = await memoryKit({ model: [calls("get_order", ORDER), says("Done.")] });
  const started = await kit.start(refundAgent(till()), "Look");
  expect(() => expect(started).not.toHaveUsedTool("get_order")).toThrow("use await run.result()");
  const promise = started.result();
  expect(() => expect(promise).not.toHaveUsedTool("get_order")).toThrow("did you forget await?");
  expect(() => expect(started.handle).not.toHavePausedFor()).toThrow("kit.tested(handle.runId)");
  expectRun(await promise).usedTool("get_order");
});
