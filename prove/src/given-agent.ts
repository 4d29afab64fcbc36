// The agent that is run at an installation that is given: played by demo/refund, which every orchestrator has.
import { Agent, type JsonObject, type ToolContext, tool } from "@agentspan/sdk";

type Act = (tool: string, args: JsonObject, context: ToolContext) => Promise<unknown>;

export const GIVEN_GATED: ReadonlySet<string> = new Set(["process_refund"]);

/** Under a name of its own, which is the queue too: no other worker gets its tasks. */
export function givenAgent(name: string, act: Act): Agent {
  const text = { type: "string" };
  const of = (toolName: string, properties: JsonObject, approvalRequired: boolean) =>
    tool((args: JsonObject, context: ToolContext) => act(toolName, args, context), {
      name: toolName,
      description: toolName,
      inputSchema: { type: "object", properties },
      approvalRequired,
    });
  return new Agent({
    name,
    model: "demo/refund",
    instructions: "You handle refunds.",
    tools: [
      of("get_order", { order_id: text }, false),
      of("get_customer", { customer_id: text }, false),
      of("process_refund", { order_id: text, amount: { type: "number" } }, true),
    ],
  });
}
