// Faults of our own processes: killed at any moment, killed at a named point, stopped past the lease, with a wrong clock.
import { FAULT_HIT, FAULT_POINTS, type FaultPoint } from "@agentspan/internal";
import { pause } from "../pause.js";
import type { FaultContext } from "./fault-context.js";
import type { ProcessKind, ProvedProcess } from "./processes.js";
import type { Arm } from "./schedule.js";

/** How long an armed process may live until its point is passed. */
const POINT_MS = 8_000;
/** As few points as are worth waiting for: the first pass of each is taken. */
const FEW = 6;
/** What makes a process pass a point that it would seldom come to: a grant that is too old to begin is handed back. */
const LEADS_TO: Partial<Record<FaultPoint, string>> = {
  "worker.before-release": [1, 2, 3].map((pass) => `worker.after-claim-sent:delay=3500ms:${pass}`).join(","),
};
const HIT_LINE_MS = 1_000;

/** SIGKILL of any process at any moment, and a new life of it soon after. */
export async function killAny({ processes, random, tally, signal }: FaultContext): Promise<boolean> {
  const kill = async (one: ProvedProcess): Promise<void> => {
    tally.tried(`SIGKILL of a random ${one.kind}`);
    await one.service.kill();
    await pause(random.between(0, 300), signal).catch(() => undefined);
    await processes.revive(one);
  };
  // Two of a kind are left, so that the other faults find one too.
  for (const kind of random.shuffled(processes.kinds))
    if (await processes.withOne(random, [kind], kill, 2)) return true;
  return false;
}

/**
 * Arms points in one process of a kind, and gives it a new life when it has died at one of them. Resolves to the point;
 * undefined where it passed none in time.
 */
export async function killAtPoint(
  points: readonly FaultPoint[],
  kind: ProcessKind,
  { processes, random, tally, signal }: FaultContext,
): Promise<FaultPoint | undefined> {
  let point: FaultPoint | undefined;
  await processes.withOne(random, [kind], async (one) => {
    const before = hitsOf(one).length;
    const few = points.length <= FEW;
    const kills = points.map((name) => `${name}:kill:${few ? 1 : random.between(1, 3)}`);
    const leads = few ? points.flatMap((name) => LEADS_TO[name] ?? []) : [];
    one.service.send({ faults: [...kills, ...leads].join(",") });
    await Promise.race([one.service.exited, pause(POINT_MS, signal).catch(() => undefined)]);
    if (one.service.running) {
      one.service.send({ faults: "" });
      return;
    }
    point = await hitSince(one, before);
    if (point !== undefined) {
      tally.tried(`SIGKILL of a process at a named point: ${kind}`);
      tally.hit(point);
    }
    await processes.revive(one);
  });
  return point;
}

/** How long a process is made to misbehave, and how many passes are thought of. */
const ARMED_MS = 3_000;
const PASSES = 200;

/** Has one process misbehave at a point for a while. */
export async function dawdle({ fault, kind, point, action, everyPass }: Arm, context: FaultContext): Promise<void> {
  const { processes, random, tally, signal } = context;
  await processes.withOne(random, [kind], async (one) => {
    const passes = Array.from({ length: PASSES }, (_, pass) => pass + 1).filter((pass) => pass % everyPass === 0);
    const before = told(one, point);
    one.service.send({ faults: passes.map((pass) => `${point}:${action}:${pass}`).join(",") });
    await pause(ARMED_MS, signal).catch(() => undefined);
    if (one.service.running) one.service.send({ faults: "" });
    else await processes.revive(one);
    for (let times = told(one, point) - before; times > 0; times -= 1) tally.tried(fault);
  });
}

function told({ service }: ProvedProcess, point: FaultPoint): number {
  return service.log().split(`${FAULT_HIT}${point} `).length - 1;
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
    const settings = { AGENTSPAN_ALLOW_FAULTS: "yes", AGENTSPAN_CLOCK_OFFSET: offset };
    if (await processes.tryLife(one, settings)) tally.tried("an orchestrator whose clock is 30 s off");
    await pause(random.between(1_500, 4_000), signal).catch(() => undefined);
    await one.service.kill();
    await processes.revive(one);
  });
}

/** The line is written before the process dies and read after it, so it may still be on its way. */
async function hitSince(one: ProvedProcess, before: number): Promise<FaultPoint | undefined> {
  for (let waitedMs = 0; waitedMs < HIT_LINE_MS; waitedMs += 20) {
    const hits = hitsOf(one);
    if (hits.length > before) return hits.at(-1);
    await pause(20);
  }
  return undefined;
}

function hitsOf({ service }: ProvedProcess): readonly FaultPoint[] {
  const lines = service.log().split("\n");
  return lines.flatMap((line) => pointIn(line) ?? []);
}

function pointIn(line: string): FaultPoint | undefined {
  const at = line.indexOf(FAULT_HIT);
  const name = at === -1 ? undefined : line.slice(at + FAULT_HIT.length).split(" ", 1)[0];
  return FAULT_POINTS.find((point) => point === name);
}
