import type { Agent } from "./agent.js";
import type { AgentHandle } from "./agent-handle.js";
import type { AgentResult } from "./agent-result.js";
import { AgentRuntime, type AgentSource, type ServeOptions, type StartOptions } from "./agent-runtime.js";
import type { AgentStream, StreamOptions } from "./agent-stream.js";

let runtime: AgentRuntime | undefined;

/** The runtime that the functions below share, made from the environment when first used. */
export function defaultRuntime(): AgentRuntime {
  runtime ??= new AgentRuntime();
  return runtime;
}

/** AgentRuntime.start of the default runtime. */
export function start(agent: AgentSource, input: string, options?: StartOptions): Promise<AgentHandle> {
  return defaultRuntime().start(agent, input, options);
}

/** AgentRuntime.run of the default runtime. */
export function run(agent: AgentSource, input: string, options?: StartOptions): Promise<AgentResult> {
  return defaultRuntime().run(agent, input, options);
}

/** AgentRuntime.stream of the default runtime. */
export function stream(
  agent: AgentSource,
  input: string,
  options?: StartOptions & Omit<StreamOptions, "after">,
): AgentStream {
  return defaultRuntime().stream(agent, input, options);
}

/** AgentRuntime.serve of the default runtime. */
export function serve(agents: Agent | readonly Agent[], options?: ServeOptions): Promise<void> {
  return defaultRuntime().serve(agents, options);
}

/** Shuts the default runtime down, if there is one; the next use makes another. */
export async function shutdown(): Promise<void> {
  const ending = runtime;
  runtime = undefined;
  await ending?.shutdown();
}
