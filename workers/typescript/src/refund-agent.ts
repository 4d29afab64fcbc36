// The agent of the human-in-the-loop example: two tools that run by themselves, and one that a person must approve.
import { Agent, tool } from "@agentspan/sdk";
import { z } from "zod";
import { recordRefund } from "./ledger.js";

export const getOrder = tool(({ order_id }) => ({ order_id, amount: 29.99, status: "delivered" }), {
  name: "get_order",
  description: "Look up an order by ID.",
  inputSchema: z.object({ order_id: z.string() }),
});

export const getCustomer = tool(({ customer_id }) => ({ customer_id, name: "Alex", email: "alex@example.com" }), {
  name: "get_customer",
  description: "Get customer account details.",
  inputSchema: z.object({ customer_id: z.string() }),
});

export const processRefund = tool(
  async ({ order_id, amount }, { callId, attempt, idempotencyKey, logger }) => {
    await recordRefund({ order_id, amount, callId, attempt, idempotencyKey });
    logger.info({ amount }, "Refunded an order");
    return { refunded: true, order_id, amount };
  },
  {
    name: "process_refund",
    description: "Issue a refund. Requires human approval.",
    inputSchema: z.object({ order_id: z.string(), amount: z.number() }),
    approvalRequired: true,
  },
);

export const refundAgent = new Agent({
  name: "refund_agent",
  model: process.env.AGENTSPAN_MODEL ?? "openai/gpt-4o-mini",
  tools: [getOrder, getCustomer, processRefund],
  instructions: `You handle refund requests.
1. Look up the order
2. Look up the customer
3. Call process_refund: it will pause for human approval automatically
`,
});
