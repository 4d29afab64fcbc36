// The workload "refund": the agent of the README, with tools that do nothing but answer.
import { Agent, tool } from "@agentspan/sdk";
import { z } from "zod";

const getOrder = tool(async ({ order_id }) => ({ order_id, amount: 29.99, status: "delivered" }), {
  name: "get_order",
  description: "Look up an order by ID.",
  inputSchema: z.object({ order_id: z.string() }),
});

const getCustomer = tool(async ({ customer_id }) => ({ customer_id, name: "Alex", email: "alex@example.com" }), {
  name: "get_customer",
  description: "Get customer account details.",
  inputSchema: z.object({ customer_id: z.string() }),
});

const processRefund = tool(async ({ order_id, amount }) => ({ refunded: true, order_id, amount }), {
  name: "process_refund",
  description: "Issue a refund. Requires human approval.",
  inputSchema: z.object({ order_id: z.string(), amount: z.number() }),
  approvalRequired: true,
});

export const agent = new Agent({
  name: "refund_agent",
  model: "bench/refund",
  tools: [getOrder, getCustomer, processRefund],
  instructions: "You handle refund requests. Look up the order, look up the customer, then call process_refund.",
});

export const INPUT = "Customer Alex (cust_001) wants a refund on order ORD-8821";
