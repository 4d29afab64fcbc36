// Faults of our own processes: killed at any moment, killed at a named point, stopped past the lease, with a wrong clock.
import { FAULT_HIT, type FaultPoint } from "@agentspan/internal";
import { pause } from "../pause.js";
import type { FaultContext } from "./fault-context.js";
import type { ProcessKind, ProvedProcess } from "./processes.js";

/** How long an armed process may live until its point is passed. */
const POINT_MS = 6_000;
const HIT_LINE_MS = 1_000;

/** SIGKILL of any process at any moment, and a new life of it soon after. */
export async function killAny({ processes, random, tally, signal }: FaultContext): Promise<void> {
  await processes.withOne(random, ["orchestrator", "gateway", "worker"], async (one) => {
    tally.tried(`SIGKILL of a random ${one.kind}`);
    await one.service.kill();
    await pause(random.between(0, 300), signal).catch(() => undefined);
    await processes.revive(one, signal);
  });
}

/** A new life of a process that ends at a fault point. Resolves to whether it did. */
export async function killAt(point: FaultPoint, context: FaultContext): Promise<boolean> {
  const { processes, random, tally, signal } = context;
  const kind = point.split(".", 1)[0] as ProcessKind;
  let hit = false;
  await processes.withOne(random, [kind], async (one) => {
    const before = hits(one, point);
    await one.service.kill();
    const pass = random.between(1, 3);
    await processes.revive(one, signal, {
      AGENTSPAN_ALLOW_FAULTS: "yes",
      AGENTSPAN_FAULTS: `${point}:kill:${pass}`,
    });
    await Promise.race([one.service.exited, pause(POINT_MS, signal).catch(() => undefined)]);
    hit = await hitSince(one, point, before);
    if (hit) {
      tally.tried(`SIGKILL of a ${kind} at a named point`);
      tally.hit(point);
    }
    await one.service.kill();
    await processes.revive(one, signal);
  });
  return hit;
}

/** SIGSTOP for longer than the lease, then SIGCONT: it believes that no time has passed. */
export async function stopPastLease({ processes, random, tally, signal, leaseMs }: FaultContext): Promise<void> {
  await processes.withOne(random, ["worker", "worker", "orchestrator", "gateway"], async (one) => {
    tally.tried(`SIGSTOP of a ${one.kind} past the lease, then SIGCONT`);
    one.service.pause();
    await pause(leaseMs * 1.7, signal).catch(() => undefined);
    one.service.resume();
  });
}

/** A life of an orchestrator whose wall clock is half a minute off. */
export async function shiftClock({ processes, random, tally, signal }: FaultContext): Promise<void> {
  await processes.withOne(random, ["orchestrator"], async (one) => {
    const offset = random.pick(["30s", "-30s"]);
    await one.service.kill();
    await processes.revive(one, signal, { AGENTSPAN_ALLOW_FAULTS: "yes", AGENTSPAN_CLOCK_OFFSET: offset });
    tally.tried("an orchestrator whose clock is 30 s off");
    await pause(random.between(1_500, 4_000), signal).catch(() => undefined);
    await one.service.kill();
    await processes.revive(one, signal);
  });
}

/** The line is written before the process dies and read after it, so it may still be on its way. */
async function hitSince(one: ProvedProcess, point: FaultPoint, before: number): Promise<boolean> {
  if (one.service.running) return false;
  for (let waitedMs = 0; waitedMs < HIT_LINE_MS; waitedMs += 20) {
    if (hits(one, point) > before) return true;
    await pause(20);
  }
  return false;
}

function hits({ service }: ProvedProcess, point: FaultPoint): number {
  return service.log().split(`${FAULT_HIT}${point} kill`).length - 1;
}
