import { systemTime } from "@agentspan/internal";
import { z } from "zod";
import { Agent } from "../../src/agent.js";
import type { JsonSchema } from "../../src/input-schema.js";
import type { Logger } from "../../src/logger.js";
import { type ToolOptions, tool } from "../../src/tool.js";
import type { ToolContext } from "../../src/tool-context.js";
import { NatsLink } from "../../src/worker/nats-link.js";
import { Worker, type WorkerOptions } from "../../src/worker/worker.js";

export const silent: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silent,
};

/** One execution of a tool, held until the test lets it go on. */
export interface Execution {
  readonly args: unknown;
  readonly context: ToolContext;
  finish(value: unknown): void;
  fail(error: unknown): void;
}

/** A tool whose executions a test sees and ends. */
export class SteeredTool {
  readonly executions: Execution[] = [];
  #waiting: (() => void)[] = [];
  readonly tool;

  constructor(options: Partial<ToolOptions> & { inputSchema?: z.ZodType } = {}) {
    const body = (args: unknown, context: ToolContext) =>
      new Promise((finish, fail) => {
        this.executions.push({ args, context, finish, fail });
        for (const resolve of this.#waiting.splice(0)) resolve();
      });
    this.tool = tool(body, {
      name: "process_refund",
      description: "Issues a refund.",
      inputSchema: z.object({}),
      ...options,
    });
  }

  /** The nth execution, once it has begun. */
  async execution(n = 1): Promise<Execution> {
    for (;;) {
      const execution = this.executions[n - 1];
      if (execution !== undefined) return execution;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }
}

/** A tool that returns at once, and counts. */
export function plainTool(
  body: (args: object, context: ToolContext) => unknown,
  options: Partial<ToolOptions> & { inputSchema?: JsonSchema } = {},
) {
  return tool(body, {
    name: "get_order",
    description: "Looks up an order.",
    inputSchema: { type: "object" },
    ...options,
  });
}

export function overNats(url: string): Pick<WorkerOptions, "openLink" | "time"> {
  return { openLink: (link) => NatsLink.open({ ...link, url }), time: systemTime };
}

/** A worker of one agent, "refund_agent", that is registered when this resolves. */
export async function servedWorker(
  natsUrl: string,
  tools: Agent["tools"],
  options: Partial<WorkerOptions> = {},
): Promise<Worker> {
  const worker = new Worker({
    ...overNats(natsUrl),
    workerId: "worker-1",
    namespace: "default",
    concurrency: 16,
    logger: silent,
    ...options,
  });
  await worker.serve([new Agent({ name: "refund_agent", model: "scripted/test", tools })], {
    patienceMs: 10_000,
    firstContactMs: 10_000,
  });
  return worker;
}
