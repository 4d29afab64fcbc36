// Starts a run whose tools are served by others: get_order by Go, get_customer by Java, process_refund by Python. Prints
// what happens in it until it has ended. Whoever approves does it from elsewhere.
import { Agent, shutdown, start, tool } from "@agentspan/sdk";

/** A tool that this program knows by its name and schema alone. */
const elsewhere = (name, description, properties, options = {}) =>
  tool(() => undefined, {
    name,
    description,
    inputSchema: { type: "object", properties, required: Object.keys(properties) },
    ...options,
  });
const text = { type: "string" };
const number = { type: "number" };

const agent = new Agent({
  name: "refund_agent",
  model: process.env.OPENAI_API_KEY ? "openai/gpt-4o-mini" : "demo/refund",
  instructions: "You handle refund requests. Look up the order and the customer, then call process_refund.",
  tools: [
    elsewhere("get_order", "Look up an order by ID.", { order_id: text }),
    elsewhere("get_customer", "Get customer account details.", { customer_id: text }),
    elsewhere("process_refund", "Issue a refund.", { order_id: text, amount: number }, { approvalRequired: true }),
  ],
});

const handle = await start(agent, "Customer Alex (cust_001) wants a refund on order ORD-8821", { serve: false });
console.log(`Run ${handle.runId}`);
for await (const event of handle.stream()) {
  if (event.type === "tool_started") console.log(`${event.toolName} is run by ${event.workerId}`);
  if (event.type === "waiting")
    console.log(`${event.toolName} ${event.argumentsJson} waits for approval ${event.approvalId}`);
}
console.log((await handle.result()).output.result);
await shutdown();
