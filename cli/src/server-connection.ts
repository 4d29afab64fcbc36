import { AgentRuntime } from "@agentspan/sdk";
import type { UrlOption } from "./options.js";

/** Gives the command a server to speak to, and closes the connection after it. */
export async function withServer<T>({ url, key }: UrlOption, use: (runtime: AgentRuntime) => Promise<T>): Promise<T> {
  const runtime = new AgentRuntime({
    retryFor: "10s",
    ...(url === undefined ? {} : { url }),
    ...(key === undefined ? {} : { apiKey: key }),
  });
  try {
    return await use(runtime);
  } finally {
    await runtime.shutdown();
  }
}
