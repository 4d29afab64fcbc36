// Faults of what stands beneath us and between: NATS and MongoDB paused, killed, restarted, forgetful; answers lost.
import type { Stack } from "@agentspan/e2e";
import { pause } from "../pause.js";
import type { FaultContext } from "./fault-context.js";

type Server = "NATS" | "MongoDB";

/** Stands still for a while, its connections open. */
export async function pauseServer(stack: Stack, server: Server, context: FaultContext): Promise<void> {
  const { random, tally, signal, leaseMs } = context;
  tally.tried(`${server} stands still`);
  stack.pause(server);
  await pause(random.pick([400, 1_500, leaseMs * 1.5]), signal).catch(() => undefined);
  stack.resume(server);
}

/** SIGKILL, a while without it, and the same data again. */
export async function restartServer(stack: Stack, server: Server, context: FaultContext): Promise<void> {
  const { random, tally, signal } = context;
  tally.tried(`SIGKILL of ${server}, and its restart`);
  await stack.kill(server);
  await pause(random.between(0, 2_500), signal).catch(() => undefined);
  await stack.restart(server);
}

/** NATS comes back and knows nothing of streams, consumers and tasks. */
export async function emptyNats(stack: Stack, { tally }: FaultContext): Promise<void> {
  tally.tried("NATS comes back with an empty store");
  await stack.loseNats();
}

/** What was asked is carried out, and the answers to it never come. */
export async function loseAnswers({ proxies, random, tally }: FaultContext): Promise<void> {
  if (proxies.length === 0) return;
  const proxy = random.pick(proxies);
  tally.tried(`answers lost: ${proxy.name}`);
  await proxy.loseAnswers(random.between(20, 400));
}
