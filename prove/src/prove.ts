// Proves an installation: drives runs through faults, then holds everything that was seen from outside to the promises.
import { setMaxListeners } from "node:events";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RunState } from "@agentspan/proto";
import { Callers } from "./callers.js";
import type { Evidence } from "./checks/evidence.js";
import { checkAll } from "./checks/index.js";
import { driveRun, newRecord } from "./drive-run.js";
import type { FaultKind } from "./faults/kinds.js";
import { ARMS, type Arm, runFaults } from "./faults/schedule.js";
import { gather } from "./gather.js";
import { givenInstallation } from "./given-installation.js";
import { OwnStack } from "./own-stack.js";
import { pause } from "./pause.js";
import { Random } from "./random.js";
import { held, type Report } from "./report.js";
import type { RunRecord } from "./run-record.js";
import { type Story, weighted } from "./stories.js";
import { Tally } from "./tally.js";
import type { Target } from "./target.js";
import { keepHouse, settleIn } from "./trust/housekeeping.js";
import type { Person } from "./trust/people.js";

export interface ProveOptions {
  readonly runs: number;
  /** Runs in progress at once. */
  readonly atOnce: number;
  /** For how long there are faults, milliseconds; longer where not every run could be started by then. */
  readonly forMs: number;
  /** Starts further runs, up to half as many again, while there are faults and some fault point has not been hit. */
  readonly everyPoint: boolean;
  readonly seed: number;
  readonly faults: readonly FaultKind[];
  /** Between two kills of random processes, milliseconds. */
  readonly killEveryMs: number;
  /** Between two kills at named points of one kind of process, and between two faults of other kinds. */
  readonly pointEveryMs: number;
  readonly otherEveryMs: number;
  /** How long nothing may come about, after the last fault, before what has not ended is called stuck; milliseconds. */
  readonly boundMs: number;
  readonly orchestrators: number;
  readonly gateways: number;
  readonly workers: number;
  readonly leaseMs: number;
  /** A stack of its own with authentication, signatures, policies and standing grants. */
  readonly trust: boolean;
  readonly stories?: readonly Story[];
  readonly arms?: readonly Arm[];
  /** Further settings of every service. */
  readonly env?: Readonly<Record<string, string>>;
  /** An installation to prove instead of a stack of its own: a gateway, and NATS for the workers. */
  readonly url?: string;
  readonly natsUrl?: string;
  readonly orchestratorEntry?: string;
  readonly onProgress: (line: string) => void;
  /** Ends the faults and the runs early; what was seen is checked all the same. */
  readonly signal?: AbortSignal;
}

const PROGRESS_MS = 5_000;
const LOOK_MS = 500;
/** A run that goes on for ever without coming to its end is stuck too. */
const MOST_BOUNDS = 20;
/** Faults go on while runs are still to be started, but not for ever. */
const LONGEST_SHARE = 3;

export async function prove(options: ProveOptions): Promise<Report> {
  const begun = performance.now();
  const { onProgress, seed, leaseMs } = options;
  const random = new Random(seed);
  const tally = new Tally();
  const target = await targetOf(options, random);
  for (const { kind, why } of target.untried) if (options.faults.includes(kind)) tally.notTried(kind, why);
  const possible = options.faults.filter((kind) => target.untried.every((untried) => untried.kind !== kind));
  try {
    const over = new AbortController();
    const calm = new AbortController();
    // Whatever is in progress listens to them.
    setMaxListeners(0, over.signal, calm.signal);
    const callers = new Callers(() => target.rpcs, random.fork());
    const people = target.people.map(({ name, groups, rpcs }) => {
      return { name, groups, callers: new Callers(() => rpcs, random.fork()) };
    });
    const house = { random: random.fork(), calm: calm.signal, over: over.signal };
    const made = await settleIn(people, house);
    const records: RunRecord[] = [];
    const more = (): boolean => !calm.signal.aborted && options.everyPoint && tally.pointsLeft.length > 0;
    const driving = driveAll(target, {
      ...{ options, callers, people, records, random: random.fork(), signal: over.signal, more },
    });
    const housekeeping = keepHouse(people, made, house);
    // Looked at again below.
    housekeeping.catch(() => undefined);
    const { processes, proxies, disk } = target;
    const context = { processes, proxies, disk, random: random.fork(), tally, signal: calm.signal, leaseMs };
    let faultsSoFar = 0;
    const supervising = processes.supervise(over.signal);
    supervising.catch(() => undefined);
    const faulting = runFaults(target.stack, context, {
      kinds: possible,
      killEveryMs: options.killEveryMs,
      otherEveryMs: options.otherEveryMs,
      pointEveryMs: options.pointEveryMs,
      arms: options.arms ?? ARMS,
      onFault: () => {
        faultsSoFar += 1;
      },
    });
    // Looked at again below.
    faulting.catch(() => undefined);
    const progress = setInterval(() => {
      const ended = records.filter(({ status }) => status?.isComplete === true).length;
      const hit = tally.points.filter(({ count }) => count > 0).length;
      onProgress(
        `${records.length} runs started, ${ended} ended, ${faultsSoFar} faults, ${hit} of ${tally.points.length} points hit`,
      );
    }, PROGRESS_MS);
    const faultsBegun = performance.now();
    try {
      await faultTime(options, driving.allStarted);
      const faultsForMs = performance.now() - faultsBegun;
      onProgress("no more faults; everything is put right, and the runs come to their ends");
      calm.abort(new Error("The faults are over."));
      await faulting;
      await Promise.race([driving.allEnded, untilNothingHappens(records, options, over.signal)]);
      over.abort(new Error("The time is over."));
      await driving.allEnded;
      onProgress("looking at every run, the ledger and the store");
      const evidence = await gather(target, records, { callers, people, grants: await housekeeping });
      const report = reportOf({
        target,
        options,
        tally,
        evidence,
        callers,
        faultsForMs,
        tookMs: performance.now() - begun,
      });
      return held(report) ? report : { ...report, howToLook: `${report.howToLook} ${await keepLogs(target, seed)}` };
    } finally {
      clearInterval(progress);
      calm.abort(new Error("The proof has ended."));
      over.abort(new Error("The proof has ended."));
      await Promise.all([faulting, supervising]);
    }
  } finally {
    await target.stop();
  }
}

/** Resolves once nothing has come about for as long as runs may take: a slow machine is slow, and no run is stuck for it. */
async function untilNothingHappens(
  records: readonly RunRecord[],
  { boundMs, signal }: ProveOptions,
  over: AbortSignal,
): Promise<void> {
  const stop = signal === undefined ? over : AbortSignal.any([over, signal]);
  const cameAbout = (): number =>
    records.reduce((sum, { starts, acts, readings, readersHadMs }) => {
      const answered = acts.filter(({ answer }) => answer !== undefined).length;
      const read = readings.reduce((events, reading) => events + reading.events.length, 0);
      return sum + starts.length + answered + read + (readersHadMs === undefined ? 0 : 1);
    }, 0);
  let last = cameAbout();
  let since = performance.now();
  const latest = performance.now() + MOST_BOUNDS * boundMs;
  while (!stop.aborted && performance.now() < Math.min(since + boundMs, latest)) {
    await pause(LOOK_MS, stop).catch(() => undefined);
    const now = cameAbout();
    if (now !== last) since = performance.now();
    last = now;
  }
}

async function keepLogs(target: Target, seed: number): Promise<string> {
  const file = join(tmpdir(), `agentspan-prove-${seed}-${process.pid}.log`);
  await writeFile(file, target.logs());
  return `What the processes logged last: ${file}.`;
}

async function targetOf(options: ProveOptions, random: Random): Promise<Target> {
  const { url, natsUrl, workers, onProgress } = options;
  if (url === undefined || natsUrl === undefined) {
    onProgress("starting NATS, a MongoDB server, orchestrators, gateways and workers");
    return OwnStack.start({ ...options, smallDisk: options.faults.includes("disk") });
  }
  onProgress(`starting workers for ${url}`);
  return givenInstallation({ url, natsUrl, workers, random: random.fork() });
}

/** At least the time that was asked for, and until every run has been started. */
async function faultTime({ forMs, signal }: ProveOptions, allStarted: Promise<void>): Promise<void> {
  const longest = new AbortController();
  const stop = signal === undefined ? longest.signal : AbortSignal.any([longest.signal, signal]);
  await pause(forMs, stop).catch(() => undefined);
  await Promise.race([allStarted, pause(forMs * (LONGEST_SHARE - 1), stop).catch(() => undefined)]);
  longest.abort();
}

interface Driving {
  readonly options: ProveOptions;
  readonly callers: Callers;
  readonly people: readonly Person[];
  readonly records: RunRecord[];
  readonly random: Random;
  readonly signal: AbortSignal;
  /** Whether further runs are worth their time. */
  readonly more: () => boolean;
}

/** Further runs than were asked for: a share of them. */
const MOST_FURTHER = 0.5;

function driveAll(target: Target, { options, callers, people, records, random, signal, more }: Driving) {
  const { runs, atOnce, stories = target.stories } = options;
  const enough = (): boolean =>
    records.length >= runs && (!more() || records.length >= Math.floor(runs * (1 + MOST_FURTHER)));
  const bag = weighted(stories);
  const stopped = options.signal;
  let started: () => void = () => undefined;
  const allStarted = new Promise<void>((resolve) => {
    started = resolve;
  });
  const lane = async (): Promise<void> => {
    while (!enough() && !signal.aborted && stopped?.aborted !== true) {
      const story = random.pick(bag);
      const mine = random.fork();
      const input = target.inputOf(story, mine);
      const record = newRecord(story, input);
      records.push(record);
      if (enough()) started();
      const agent = target.agentOf(story, mine);
      await driveRun(record, { callers, people, agent, story, input, random: mine, signal });
    }
  };
  const allEnded = Promise.all(Array.from({ length: Math.min(atOnce, runs) }, lane)).then(() => started());
  // Looked at again by whoever waits for it.
  allEnded.catch(() => undefined);
  return { allStarted, allEnded };
}

interface Proved {
  readonly target: Target;
  readonly options: ProveOptions;
  readonly tally: Tally;
  readonly evidence: Evidence;
  readonly callers: Callers;
  readonly faultsForMs: number;
  readonly tookMs: number;
}

function reportOf({ target, options, tally, evidence, callers, faultsForMs, tookMs }: Proved): Report {
  const states: Record<string, number> = {};
  for (const { status } of evidence.records) {
    const state = status === undefined ? "never started" : RunState[status.state];
    states[state] = (states[state] ?? 0) + 1;
  }
  const readings = evidence.records.flatMap((record) => record.readings);
  return {
    seed: options.seed,
    runs: evidence.records.length,
    states,
    faultsForMs,
    tookMs,
    repeatedCalls: callers.repeated,
    readers: readings.length,
    connections: readings.reduce((sum, { connections }) => sum + connections, 0),
    tally,
    checks: checkAll(evidence),
    howToLook: `The same schedule again: agentspan prove --seed ${options.seed}.`,
    limits: target.limits,
  };
}
