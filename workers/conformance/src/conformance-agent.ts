// The agent that runs of the whole stack are of: its tools are those of workers/CONFORMANCE.md, and drivers serve them.
import { Agent, type Tool, type ToolOptions, tool } from "@agentspan/sdk";

export const MODEL = "script/conformance";
export const TOOL_NAMES = ["plain", "typed", "once", "gated", "probed", "previewed"] as const;

const RETRY = { maxAttempts: 4, initialBackoff: 20, maxBackoff: 50 } as const;

function defined(name: string, options: Partial<ToolOptions> = {}): Tool {
  const inputSchema = { type: "object" };
  return tool(() => undefined, { name, description: `The tool ${name}.`, inputSchema, retry: RETRY, ...options });
}

/** The agent under a name, which is also the queue that its tasks are taken from. */
export function conformanceAgent(name: string): Agent {
  return new Agent({
    name,
    model: MODEL,
    tools: [
      defined("plain"),
      defined("once", { once: true }),
      defined("gated", { approvalRequired: true }),
      defined("probed", { once: true }),
    ],
  });
}
