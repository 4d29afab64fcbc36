// agentspan server start --memory
import { type MemoryStack, startMemoryStack } from "@agentspan/local";
import { modelLines } from "../model-situation.js";
import type { Output } from "../output.js";
import { type StartingFlags, started, startingOptions } from "../starting-stack.js";
import { aborted, StopRequests } from "../stop-requests.js";

/** Runs until it is asked to stop. Throws where it could not start, or had to end. */
export async function serverStartMemory(flags: StartingFlags, output: Output): Promise<void> {
  const stops = new StopRequests();
  if (flags.untilInputEnds === true) stops.requestWhenInputEnds();
  const { first } = stops;
  try {
    const stack = await started(startMemoryStack(startingOptions(flags, output, first)), output, first);
    for (const line of runningLines(stack, process.env)) output.line(line);
    const lost = await Promise.race([stack.ended, aborted(first).then(() => undefined)]);
    if (lost !== undefined) throw lost;
    await stack.stop();
    output.line("\nStopped. Nothing of it is left.");
  } finally {
    stops.close();
  }
}

function runningLines(stack: MemoryStack, env: Readonly<Record<string, string | undefined>>): readonly string[] {
  const [models = "", ...more] = modelLines(env);
  return [
    "Agentspan is running in memory: for tests, and nothing of it stays.",
    "",
    `  API      ${stack.url}  (gRPC, gRPC-Web, Connect, JSON)`,
    `  gRPC     ${stack.grpcUrl}  (gRPC alone, cheaper for a client)`,
    `  Workers  ${stack.natsUrl}`,
    `  Clock    ${stack.clockUrl}  (moves the date: docs/testing.md)`,
    `  Models   ${models}`,
    ...more.map((line) => `           ${line}`),
    "",
    "For programs and commands in other terminals:",
    `  export AGENTSPAN_SERVER_URL=${stack.url}`,
    `  export AGENTSPAN_NATS_URL=${stack.natsUrl}`,
    "",
    "Ctrl-C stops it.",
  ];
}
