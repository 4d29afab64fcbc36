// The agent of the kit's tests: it looks up at once, refunds where a person approves, and asks people.
import { Agent, agentTool, type Duration, humanTool, tool } from "@agentspan/sdk";
import { z } from "zod";

/** What became of its tools, for a test to look at. */
export interface Till {
  readonly refunds: { readonly order_id: string; readonly amount: number }[];
  lookups: number;
}

export function till(): Till {
  return { refunds: [], lookups: 0 };
}

export interface RefundOptions {
  /** How long people have for an approval; as long as it takes unless said. */
  readonly expiresIn?: Duration;
  /** Lookups that fail before one succeeds. */
  readonly failures?: number;
}

export const ORDER = { order_id: "ORD-8821" } as const;
export const REFUND = { order_id: "ORD-8821", amount: 29.99 } as const;

export function refundAgent(of: Till, { expiresIn, failures = 0 }: RefundOptions = {}): Agent {
  const getOrder = tool(
    ({ order_id }) => {
      of.lookups += 1;
      if (of.lookups <= failures) throw new Error("The shop is closed.");
      return { order_id, amount: 29.99, status: "delivered" };
    },
    {
      name: "get_order",
      description: "Look up an order by ID.",
      inputSchema: z.object({ order_id: z.string() }),
      retry: { initialBackoff: "100ms" },
    },
  );
  const processRefund = tool(
    (refund) => {
      of.refunds.push(refund);
      return { refunded: true, ...refund };
    },
    {
      name: "process_refund",
      description: "Issue a refund. Requires approval.",
      inputSchema: z.object({ order_id: z.string(), amount: z.number() }),
      ...(expiresIn === undefined ? { approvalRequired: true } : { approval: { expiresIn } }),
    },
  );
  const askCustomer = humanTool({
    name: "ask_customer",
    description: "Asks the customer what only they know.",
    answer: z.object({ size: z.enum(["S", "M", "L"]) }),
  });
  return new Agent({
    name: "refund_agent",
    model: "openai/gpt-4o-mini",
    tools: [getOrder, processRefund, askCustomer],
    instructions: "You handle refund requests.",
  });
}

/** An agent that hands refunds to the one above. */
export function deskAgent(of: Till): Agent {
  return new Agent({
    name: "desk",
    model: "openai/gpt-4o-mini",
    tools: [agentTool(refundAgent(of), { description: "Handles refunds." })],
    instructions: "You hand work on.",
  });
}
