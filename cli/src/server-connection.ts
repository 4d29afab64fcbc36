import { AgentRuntime } from "@agentspan/sdk";
import type { UrlOption } from "./options.js";
import { type ServerTarget, serverTarget } from "./profiles/server-target.js";

/** Gives the command a server to speak to, and closes the connection after it. */
export async function withServer<T>(
  flags: UrlOption,
  use: (runtime: AgentRuntime, target: ServerTarget) => Promise<T>,
): Promise<T> {
  const target = await serverTarget(flags);
  const { url, apiKey } = target;
  const runtime = new AgentRuntime({ retryFor: "10s", url, ...(apiKey === undefined ? {} : { apiKey }) });
  try {
    return await use(runtime, target);
  } finally {
    await runtime.shutdown();
  }
}
