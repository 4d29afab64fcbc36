// The flow of the human-in-the-loop page, in TypeScript: its agent, the agent's tools in this process, a person.
// The server is played by the two doubles: what the model would ask for is written down here.

import { Agent, AgentHandle, AgentRuntime, type RunEvent, tool } from "@agentspan/sdk";
import type { RunningNats } from "@agentspan/servers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { FakeOrchestrator } from "../fake-orchestrator.js";
import { MemoryGateway } from "./memory-gateway.js";
import { startOwnNats } from "./own-nats.js";
import { silent } from "./served-worker.js";

const getOrder = tool(({ order_id }) => ({ order_id, amount: 29.99, status: "delivered" }), {
  name: "get_order",
  description: "Look up an order by ID.",
  inputSchema: z.object({ order_id: z.string() }),
});

const getCustomer = tool(({ customer_id }) => ({ customer_id, name: "Alex", email: "alex@example.com" }), {
  name: "get_customer",
  description: "Get customer account details.",
  inputSchema: z.object({ customer_id: z.string() }),
});

const processRefund = tool(({ order_id, amount }) => ({ refunded: true, order_id, amount }), {
  name: "process_refund",
  description: "Issue a refund. Requires human approval.",
  inputSchema: z.object({ order_id: z.string(), amount: z.number() }),
  approvalRequired: true,
});

const agent = new Agent({
  name: "refund_agent",
  model: "openai/gpt-4o-mini",
  tools: [getOrder, getCustomer, processRefund],
  instructions: "You handle refund requests.",
});

let nats: RunningNats & { stop(): Promise<void> };
let orchestrator: FakeOrchestrator;
let gateway: MemoryGateway;
let runtime: AgentRuntime;

beforeEach(async () => {
  nats = await startOwnNats();
  orchestrator = await FakeOrchestrator.start(nats.url);
  gateway = await MemoryGateway.start();
});
afterEach(async () => {
  await runtime.shutdown({ grace: 1_000 });
  await gateway.die();
  await orchestrator.close();
  await nats.stop();
});

/** What the model does with "Customer Alex (cust_001) wants a refund on order ORD-8821", until a person is needed. */
async function playModel(runId: string): Promise<void> {
  const { service } = gateway;
  const argumentsJson = '{"order_id":"ORD-8821"}';
  service.append(runId, { case: "toolCall", value: { callId: "call_1", toolName: "get_order", argumentsJson } });
  const order = await orchestrator.announce({ runId, callId: "call_1", tool: "get_order", argumentsJson });
  const outcome = await orchestrator.outcome(order);
  const resultJson = String(outcome.value);
  expect(JSON.parse(resultJson)).toEqual({ order_id: "ORD-8821", amount: 29.99, status: "delivered" });
  service.append(runId, {
    case: "toolResult",
    value: { callId: "call_1", toolName: "get_order", outcome: { case: "resultJson", value: resultJson } },
  });
  service.wait(runId, "apr_1", { callId: "call_2" });
}

/** What follows the decision. */
async function playDecided(runId: string): Promise<void> {
  const { service } = gateway;
  const approved = await service.until(() =>
    service.requests("approve").length > 0 ? true : service.requests("reject").length > 0 ? false : undefined,
  );
  if (!approved) return service.done(runId, "A colleague will look into it.");
  const argumentsJson = '{"amount":29.99,"order_id":"ORD-8821"}';
  const refund = { runId, callId: "call_2", tool: "process_refund", argumentsJson, guarded: true };
  const outcome = await orchestrator.outcome(await orchestrator.announce(refund));
  expect(JSON.parse(String(outcome.value))).toEqual({ refunded: true, order_id: "ORD-8821", amount: 29.99 });
  service.done(runId, "The refund of $29.99 for ORD-8821 has been issued.");
}

describe.each(["url", "grpcUrl"] as const)("by %s", (by) => {
  beforeEach(() => {
    runtime = new AgentRuntime({ [by]: gateway[by], natsUrl: nats.url, logger: silent });
  });

  it.each([
    ["y", "The refund of $29.99 for ORD-8821 has been issued."],
    ["n", "A colleague will look into it."],
  ])("polls until the agent waits, asks, is told %s, and gets the result", async (answer, expected) => {
    const handle = await runtime.start(agent, "Customer Alex (cust_001) wants a refund on order ORD-8821");
    expect(handle.executionId).toBe(handle.runId);
    const server = playModel(handle.runId).then(() => playDecided(handle.runId));
    for (let polls = 0; polls < 1_000; polls++) {
      const status = await handle.getStatus();
      if (status.isWaiting) {
        const [approval] = status.pendingApprovals;
        expect(approval?.arguments).toEqual({ order_id: "ORD-8821", amount: 29.99 });
        if (answer === "y") await handle.approve();
        else await handle.reject("Not delivered yet");
        const result = await handle.stream().getResult();
        expect(result.output.result).toBe(expected);
        break;
      }
      expect(status.isComplete).toBe(false);
    }
    await server;
    expect(gateway.service.requests(answer === "y" ? "approve" : "reject")).toHaveLength(1);
  });

  it("decides from another process, by the execution id alone", async () => {
    const handle = await runtime.start(agent, "refund");
    const server = playModel(handle.runId).then(() => playDecided(handle.runId));
    await gateway.service.until(() => gateway.service.calls.find(({ method }) => method === "start"));
    const webApp = new AgentRuntime({ [by]: gateway[by], natsUrl: nats.url, logger: silent });
    const reached = new AgentHandle({ executionId: handle.executionId, runtime: webApp });
    for await (const event of reached.stream()) if (event.type === "waiting") break;
    await reached.approve();
    expect((await handle.result()).isSuccess).toBe(true);
    await server;
    await webApp.shutdown();
  });

  it("streams what happens, and approves from within the loop", async () => {
    const agentStream = runtime.stream(agent, "refund");
    const { runId } = await agentStream.handle();
    const server = playModel(runId).then(() => playDecided(runId));
    const seen: RunEvent["type"][] = [];
    const said: string[] = [];
    for await (const event of agentStream) {
      seen.push(event.type);
      if (event.type === "tool_call") said.push(`calling ${event.toolName}`);
      else if (event.type === "waiting") {
        said.push("paused, waiting for approval");
        await agentStream.approve();
      } else if (event.type === "done") {
        said.push(String(event.output.result));
        break;
      }
    }
    await server;
    expect(said).toEqual([
      "calling get_order",
      "paused, waiting for approval",
      "The refund of $29.99 for ORD-8821 has been issued.",
    ]);
    expect(seen).toEqual(["run_started", "tool_call", "tool_result", "waiting", "decided", "done"]);
  });
});
