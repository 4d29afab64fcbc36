// Faults of what stands beneath us and between: NATS and MongoDB paused, killed, restarted, forgetful; answers lost.
import type { Stack } from "@agentspan/e2e";
import { pause } from "../pause.js";
import type { FaultContext } from "./fault-context.js";
import type { SmallDisk } from "./small-disk.js";

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

/** No room for either server for a while; then there is room again, and both are started anew, as after any full disk. */
export async function fillDisk(stack: Stack, disk: SmallDisk, { random, tally, signal }: FaultContext): Promise<void> {
  tally.tried("the servers' disk is full, then not, and they are started anew");
  await disk.fill();
  await pause(random.between(500, 3_000), signal).catch(() => undefined);
  await Promise.all([stack.kill("NATS"), stack.kill("MongoDB")]);
  await disk.free();
  await Promise.all([stack.restart("NATS"), stack.restart("MongoDB")]);
}

/** What was asked is carried out, and the answers to it never come. */
export async function loseAnswers({ proxies, random, tally }: FaultContext): Promise<void> {
  if (proxies.length === 0) return;
  const proxy = random.pick(proxies);
  tally.tried(`answers lost: ${proxy.name}`);
  await proxy.loseAnswers(random.between(20, 400));
}
