// One run as its callers, its people and its readers have it: started, decided, watched, and looked at until it ended.
import { AgentspanError, newId } from "@agentspan/internal";
import type { AgentDefinition, Event } from "@agentspan/proto";
import type { Callers } from "./callers.js";
import { pause } from "./pause.js";
import { decide } from "./person.js";
import type { Random } from "./random.js";
import { readEvents } from "./read-events.js";
import type { Reading, RunRecord } from "./run-record.js";
import type { Story } from "./stories.js";
import type { Person } from "./trust/people.js";

export interface DriveOptions {
  readonly callers: Callers;
  readonly agent: AgentDefinition;
  readonly story: Story;
  readonly input: string;
  readonly random: Random;
  /** Who decides; empty where nobody is known. */
  readonly people: readonly Person[];
  /** Aborts when nobody waits any more. */
  readonly signal: AbortSignal;
}

const LOOK_MS = 3_000;
const READERS = 2;

/** Resolves when the run has ended with nothing open, or the signal aborts. Never rejects for what the server does. */
export async function driveRun(record: RunRecord, options: DriveOptions): Promise<void> {
  const { callers, random, signal } = options;
  try {
    await start(record, options);
  } catch (thrown) {
    if (signal.aborted) return;
    throw thrown;
  }
  const runId = record.starts[0]?.runId ?? "";
  let news = true;
  let wake: (() => void) | undefined;
  const onEvent = (): void => {
    news = true;
    wake?.();
  };
  const readers = Array.from({ length: READERS }, () => {
    const reading: Reading = { events: [], connections: 0, faults: [], ended: false };
    record.readings.push(reading);
    return readEvents(reading, { callers, runId, random: random.fork(), signal, onEvent });
  });
  const disturbing = disturb(runId, options).catch(swallowAbort(signal));
  let endedAt: number | undefined;
  const deciding = new Map<string, Promise<void>>();
  try {
    for (;;) {
      if (!news) {
        await Promise.race([pause(LOOK_MS, signal), new Promise<void>((resolve) => (wake = resolve))]);
      }
      news = false;
      const { status } = await callers.ask((rpc, how) => rpc.runs.getStatus({ runId }, how), signal);
      record.status = status;
      for (const approval of status?.pendingApprovals ?? []) {
        const { approvalId, escalatedAt } = approval;
        // Once it went to others, it is theirs.
        const turn = `${approvalId}/${escalatedAt === undefined ? "first" : "others"}`;
        if (deciding.has(turn)) continue;
        const { people, story } = options;
        const dawdles = story.dawdles === true;
        const person = { callers, runId, random: random.fork(), signal, acts: record.acts, people, dawdles };
        deciding.set(turn, decide(approval, person).then(onEvent));
      }
      if (status?.isComplete === true && status.pendingApprovals.length === 0) break;
    }
    endedAt = performance.now();
    await Promise.all(deciding.values());
  } catch (thrown) {
    if (!signal.aborted) record.faults.push(refusedBy(thrown));
  }
  await Promise.all([...readers, disturbing]);
  if (endedAt !== undefined) record.readersHadMs = performance.now() - endedAt;
}

/** Now and then twice at once: both must find one run. */
async function start(record: RunRecord, { callers, agent, random, signal, input }: DriveOptions): Promise<void> {
  const once = async (): Promise<void> => {
    const request = { source: { case: "agent" as const, value: agent }, input, idempotencyKey: record.key };
    const { runId, created } = await callers.ask((rpc, how) => rpc.runs.start(request, how), signal);
    record.starts.push({ runId, created });
  };
  await Promise.all(random.chance(0.3) ? [once(), once()] : [once()]);
}

/** Pauses and resumes, or cancels, a few of the runs. */
async function disturb(runId: string, { callers, story, random, signal }: DriveOptions): Promise<void> {
  const chance = random.next();
  if (story.unserved === true) {
    await pause(random.between(300, 1_500), signal);
    await settled(callers.ask((rpc, how) => rpc.runs.cancel({ runId, reason: "nobody serves it" }, how), signal));
  } else if (story.cancelled === "late") {
    await pause(random.between(2_000, 8_000), signal);
    await settled(callers.ask((rpc, how) => rpc.runs.cancel({ runId, reason: "too late" }, how), signal));
  } else if (story.undisturbed !== true && chance < 0.08) {
    await pause(random.between(50, 1_500), signal);
    const stop = { runId, reason: "a while", requestId: newId("req") };
    await settled(callers.ask((rpc, how) => rpc.runs.pause(stop, how), signal));
    await pause(random.between(200, 1_500), signal);
    const goOn = { runId, requestId: newId("req") };
    await settled(callers.ask((rpc, how) => rpc.runs.resume(goOn, how), signal));
  } else if (story.undisturbed !== true && chance < 0.14) {
    await pause(random.between(50, 3_000), signal);
    await settled(callers.ask((rpc, how) => rpc.runs.cancel({ runId, reason: "no longer wanted" }, how), signal));
  }
}

/** A refusal is an answer too: the run may have ended by then. */
async function settled(asked: Promise<unknown>): Promise<void> {
  try {
    await asked;
  } catch (thrown) {
    if (!(thrown instanceof AgentspanError)) throw thrown;
  }
}

function swallowAbort(signal: AbortSignal) {
  return (thrown: unknown): void => {
    if (!signal.aborted) throw thrown;
  };
}

export function newRecord(story: Story, input: string): RunRecord {
  return {
    story: story.name,
    key: newId("key"),
    input,
    starts: [],
    acts: [],
    readings: [],
    faults: [],
    status: undefined,
    readersHadMs: undefined,
    history: [],
  };
}

/** Status and whole history, as they are when all is over. */
export async function lookBack(
  record: RunRecord,
  { callers, signal }: { readonly callers: Callers; readonly signal: AbortSignal },
): Promise<RunRecord> {
  const runId = record.starts[0]?.runId;
  if (runId === undefined) return record;
  const history: Event[] = [];
  try {
    for (let more = true; more; ) {
      const afterSequence = BigInt(history.length);
      const page = await callers.ask((rpc, how) => rpc.runs.getHistory({ runId, afterSequence }, how), signal);
      history.push(...page.events);
      more = page.more && page.events.length > 0;
    }
    const { status } = await callers.ask((rpc, how) => rpc.runs.getStatus({ runId }, how), signal);
    return { ...record, status, history };
  } catch (thrown) {
    record.faults.push(refusedBy(thrown));
    return { ...record, history };
  }
}

/** Anything but a refusal is a fault of ours, and thrown. */
function refusedBy(thrown: unknown): string {
  if (thrown instanceof AgentspanError) return `${thrown.reason}: ${thrown.message}`;
  throw thrown;
}
