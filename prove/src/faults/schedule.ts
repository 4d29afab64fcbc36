// Which fault when. The schedule is the seed's; what it meets is not.
import type { Stack } from "@agentspan/e2e";
import { FAULT_POINTS, type FaultPoint } from "@agentspan/internal";
import { pause } from "../pause.js";
import type { FaultContext } from "./fault-context.js";
import type { FaultKind } from "./kinds.js";
import { dawdle, killAny, killAtPoint, shiftClock, stopPastLease } from "./process-faults.js";
import type { ProcessKind } from "./processes.js";
import { emptyNats, fillDisk, loseAnswers, pauseServer, restartServer } from "./server-faults.js";
import type { SmallDisk } from "./small-disk.js";

/** What a process of a kind is made to do at a named point, each time that it passes it, or each so many times. */
export interface Arm {
  readonly fault: string;
  readonly kind: ProcessKind;
  readonly point: FaultPoint;
  /** "delay=2s", "throw". */
  readonly action: string;
  /** At every pass, every second one, … */
  readonly everyPass: number;
}

/** Dawdling and forgetting, for every proof. */
export const ARMS: readonly Arm[] = [
  {
    fault: "an orchestrator dawdles before it announces a task",
    kind: "orchestrator",
    point: "orchestrator.before-announce",
    action: "delay=1500ms",
    everyPass: 4,
  },
  {
    fault: "a worker forgets a task that it was granted",
    kind: "worker",
    point: "worker.after-grant",
    action: "throw",
    everyPass: 4,
  },
];

export interface ScheduleOptions {
  readonly kinds: readonly FaultKind[];
  /** Between two kills of random processes, milliseconds. */
  readonly killEveryMs: number;
  /** Between two faults of the other kinds, milliseconds. */
  readonly otherEveryMs: number;
  /** Between two kills at named points of one kind of process, milliseconds. */
  readonly pointEveryMs: number;
  /** Faults at named points that do not kill, armed again and again. */
  readonly arms: readonly Arm[];
  /** Tells what is being done. */
  readonly onFault: (what: string) => void;
}

/** Faults until the context's signal aborts; resolves when each has put right what it did. */
export async function runFaults(
  stack: Stack | undefined,
  context: FaultContext,
  options: ScheduleOptions,
): Promise<void> {
  const { kinds } = options;
  const lanes: Promise<void>[] = [];
  if (kinds.includes("kill")) lanes.push(killLane(fork(context), options));
  if (kinds.includes("points")) {
    for (const kind of ["orchestrator", "gateway", "worker"] as const)
      lanes.push(pointLane(kind, fork(context), options));
  }
  if (kinds.includes("arms")) for (const arm of options.arms) lanes.push(armLane(arm, fork(context), options));
  const others = otherFaults(stack, context.disk, kinds);
  if (others.length > 0) lanes.push(otherLane(others, fork(context), options));
  await Promise.all(lanes);
}

function fork(context: FaultContext): FaultContext {
  return { ...context, random: context.random.fork() };
}

async function killLane(context: FaultContext, { killEveryMs, onFault }: ScheduleOptions): Promise<void> {
  const under: Promise<boolean>[] = [];
  await every(killEveryMs, context.signal, () => {
    onFault("kill");
    const kill = killAny(context);
    under.push(kill);
    // What went wrong is told when all is put right.
    kill.catch(() => undefined);
  });
  await Promise.all(under);
}

/** No story starts runs by runs, or makes webhooks: e2e's kill-points and kill-webhooks have these. */
const OF_NO_STORY: readonly FaultPoint[] = [
  "orchestrator.before-child",
  "orchestrator.after-child",
  "orchestrator.before-cancel-child",
  "orchestrator.before-steer-child",
  "orchestrator.before-tell-parent",
  "orchestrator.after-tell-parent",
  "orchestrator.before-webhook",
  "orchestrator.after-webhook",
  "orchestrator.before-deliveries",
  "orchestrator.after-deliveries",
  "orchestrator.before-post",
  "orchestrator.after-post",
];

/** All that no process has died at yet are armed at once, whichever comes first; then one after the other again. */
async function pointLane(kind: ProcessKind, context: FaultContext, options: ScheduleOptions): Promise<void> {
  const { random, tally, signal } = context;
  const all = FAULT_POINTS.filter((point) => point.startsWith(`${kind}.`) && !OF_NO_STORY.includes(point));
  while (!signal.aborted) {
    const left = tally.pointsLeft.filter((point) => all.includes(point));
    const point = await killAtPoint(left.length > 0 ? left : [random.pick(all)], kind, context);
    if (point !== undefined) options.onFault(point);
    await pause(options.pointEveryMs, signal).catch(() => undefined);
  }
}

async function armLane(arm: Arm, context: FaultContext, { onFault, pointEveryMs }: ScheduleOptions): Promise<void> {
  while (!context.signal.aborted) {
    onFault(arm.fault);
    await dawdle(arm, context);
    await pause(pointEveryMs, context.signal).catch(() => undefined);
  }
}

interface OtherFault {
  readonly name: string;
  readonly act: (context: FaultContext) => Promise<void>;
}

function otherFaults(
  stack: Stack | undefined,
  disk: SmallDisk | undefined,
  kinds: readonly FaultKind[],
): readonly OtherFault[] {
  const lost = { name: "answers lost", act: loseAnswers };
  const stopped = { name: "stopped past the lease", act: stopPastLease };
  const faults: OtherFault[] = [];
  if (kinds.includes("answers")) faults.push(lost, lost, lost);
  if (kinds.includes("stop")) faults.push(stopped, stopped);
  if (kinds.includes("clock")) faults.push({ name: "clock shifted", act: shiftClock });
  if (stack === undefined) return faults;
  if (kinds.includes("nats")) {
    faults.push({ name: "NATS with an empty store", act: (context) => emptyNats(stack, context) });
    faults.push(...serverFaults(stack, "NATS"));
  }
  if (kinds.includes("disk") && disk !== undefined) {
    faults.push({ name: "disk full", act: (context) => fillDisk(stack, disk, context) });
  }
  if (kinds.includes("mongodb")) faults.push(...serverFaults(stack, "MongoDB"));
  return faults;
}

function serverFaults(stack: Stack, server: "NATS" | "MongoDB"): readonly OtherFault[] {
  return [
    { name: `${server} stands still`, act: (context) => pauseServer(stack, server, context) },
    { name: `${server} restarts`, act: (context) => restartServer(stack, server, context) },
  ];
}

/** One after the other, each kind in its turn, in an order of the seed's. */
async function otherLane(
  faults: readonly OtherFault[],
  context: FaultContext,
  { otherEveryMs, onFault }: ScheduleOptions,
): Promise<void> {
  const { random, signal } = context;
  while (!signal.aborted) {
    for (const { name, act } of random.shuffled(faults)) {
      await pause(otherEveryMs, signal).catch(() => undefined);
      if (signal.aborted) return;
      onFault(name);
      await act(context);
    }
  }
}

async function every(ms: number, signal: AbortSignal, act: () => void): Promise<void> {
  while (!signal.aborted) {
    await pause(ms, signal).catch(() => undefined);
    if (!signal.aborted) act();
  }
}
