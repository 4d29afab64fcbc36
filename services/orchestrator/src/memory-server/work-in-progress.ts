// What goes on in a database in memory: whether anything is in progress, and when something happens next by itself.
import { DONE, type Obligation, obligationsOf, type Run, type Schedule, type Timing } from "../core/index.js";
import type { MemoryDatabase } from "../memory/memory-database.js";

export interface WorkInProgress {
  /** What a server does at this moment, in a few words each: whoever moves the date should wait for it. */
  readonly server: readonly string[];
  /** Calls that workers have in hand. */
  readonly workers: readonly string[];
  /** The date at which something happens next by itself, milliseconds since the epoch; undefined where nothing will. */
  readonly next: number | undefined;
}

export function workInProgress(
  database: Pick<MemoryDatabase, "runs" | "instances">,
  { timing, now }: { readonly timing: Timing; readonly now: number },
): WorkInProgress {
  const server: string[] = [];
  const workers: string[] = [];
  const dates: number[] = [];
  const served = servedTools(database, now - timing.leaseMs);
  for (const record of database.runs.values()) {
    if (record.wakeAt === undefined) continue;
    const run = JSON.parse(record.run) as Run;
    const schedule = JSON.parse(record.schedule) as Schedule;
    for (const owed of obligationsOf(run, timing)) {
      const due = schedule[owed.key] ?? owed.due;
      if (due >= DONE) continue;
      const starts = "notBefore" in owed ? owed.notBefore : undefined;
      if (owed.kind === "tick" || (starts !== undefined && starts > now)) dates.push(starts ?? due);
      else if (owed.kind === "watch_claim") workers.push(`a worker runs ${toolOf(run, owed.callId)} of ${run.runId}`);
      else if (owed.kind !== "announce" || served.has(`${run.namespace}/${owed.queue}/${owed.tool}`)) {
        server.push(`${inWords(run, owed)} of ${run.runId}`);
      }
    }
  }
  // What is due by now is seen to at this moment.
  if (dates.some((date) => date <= now)) server.push("something is due");
  const later = dates.filter((date) => date > now);
  return { server, workers, next: later.length === 0 ? undefined : Math.min(...later) };
}

/** Those that a worker that lives can take tasks of. */
function servedTools({ instances }: Pick<MemoryDatabase, "instances">, since: number): ReadonlySet<string> {
  const live = [...instances.values()].filter((one) => one.kind === "worker" && one.seenAt >= since);
  return new Set(
    live.flatMap((one) =>
      one.kind === "worker" ? one.tools.map(({ queue, tool }) => `${one.namespace}/${queue}/${tool}`) : [],
    ),
  );
}

function inWords(run: Run, owed: Obligation): string {
  switch (owed.kind) {
    case "call_model":
      return "a model call";
    case "announce":
      return `${owed.tool}, which a worker takes,`;
    case "tell_parent":
      return "what became";
    default:
      return "callId" in owed ? toolOf(run, owed.callId) : "something";
  }
}

function toolOf(run: Run, callId: string): string {
  return run.turn.calls.find((call) => call.callId === callId)?.tool ?? callId;
}
