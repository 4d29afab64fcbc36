// Decides the commands of a run that came together, in order, each on the run that the one before it left.
import { randomBytes } from "node:crypto";
import type { AgentCatalog } from "./agent-catalog.js";
import type { Clock } from "./clock.js";
import {
  type Agent,
  type Answer,
  type Command,
  type Context,
  decide,
  type Effect,
  obligationsOf,
  type Rejection,
  type Run,
  type RunEvent,
  type Schedule,
  type TextFunctions,
  type Timing,
} from "./core/index.js";
import type { RunWrite, StoredRun } from "./ports.js";
import type { Signatures } from "./proof/signatures.js";

export interface PlanOptions {
  readonly agents: AgentCatalog;
  readonly clock: Clock;
  readonly timing: Timing;
  readonly text: TextFunctions;
  readonly orchestratorId: string;
  /** Signs what is about to be stored; absent where there are no keys. */
  readonly signatures?: Signatures | undefined;
  /** From 0 to 1, anew for each command: how much is taken off the waits between attempts. By lot unless said. */
  readonly jitter?: (() => number) | undefined;
}

/** A command that waits for its answer. */
export interface Asked {
  readonly command: Command;
  /** The traceparent of the span in which it was asked, where there was one. */
  readonly trace?: string | undefined;
  /** `agent` is the definition, where the run may not exist yet. */
  readonly options: { readonly agent?: Agent | undefined };
}

/** UTF-8 bytes of events after which the rest of a batch waits for the next write. A single command may have more. */
const BATCH_BYTES = 1024 * 1024;

/** What is to be stored, and then answered. */
export interface Plan<A extends Asked> {
  readonly settled: readonly { readonly pending: A; readonly result: Answer | Rejection }[];
  readonly run: Run | undefined;
  readonly events: readonly RunEvent[];
  /** The events' stored texts, and their bytes. */
  readonly append: RunWrite["append"];
  readonly bytes: number;
  readonly effects: readonly Effect[];
  readonly schedule: Schedule;
  readonly wakeAt: number | undefined;
  /** Some answer refuses, or says that it was done already. */
  readonly refuses: boolean;
  readonly changes: boolean;
  /** Not decided, for want of room. */
  readonly left: readonly A[];
}

/** Decides as many as one write has room for; nothing is stored. Rejects where a definition cannot be read. */
export async function planBatch<A extends Asked>(
  stored: StoredRun | undefined,
  batch: readonly A[],
  { agents, clock, timing, text, orchestratorId, signatures, jitter = Math.random }: PlanOptions,
): Promise<Plan<A>> {
  const settled: { pending: A; result: Answer | Rejection }[] = [];
  const events: RunEvent[] = [];
  const append: { sequence: number; text: string }[] = [];
  const effects: Effect[] = [];
  let bytes = 0;
  let run = stored?.run;
  let schedule = stored?.schedule ?? {};
  let wakeAt: number | undefined;
  let refuses = false;
  let changes = false;
  for (const pending of batch) {
    if (bytes > BATCH_BYTES) break;
    const agent = run === undefined ? pending.options.agent : await agents.agentOf(run);
    if (agent === undefined) {
      refuses = true;
      settled.push({ pending, result: notFound() });
      continue;
    }
    const context: Context = {
      now: clock.now(),
      by: orchestratorId,
      agent,
      timing,
      entropy: randomBytes(9).toString("hex"),
      jitter: jitter(),
      schedule,
      // What was decided before it in this batch takes its room too.
      inlineBytes: (stored?.inlineBytes ?? 0) + bytes,
      totalBytes: (stored?.totalBytes ?? 0) + bytes,
      text,
    };
    const result = decide(run, pending.command, context);
    if (result.type === "rejection") {
      refuses = true;
      settled.push({ pending, result });
      continue;
    }
    const { answer } = result;
    settled.push({ pending, result: answer });
    const moved = pending.command.type === "reschedule";
    if (result.events.length === 0 && !moved) {
      refuses ||= !(answer.type === "granted" && !answer.stored);
      continue;
    }
    changes = true;
    const transition = { before: run, after: result.run, events: result.events, stored, earlier: events };
    const made = signatures === undefined ? result.events : await signatures.sign(transition);
    run = result.run;
    schedule = result.schedule;
    wakeAt = result.wakeAt;
    const { trace } = pending;
    for (const committed of made) {
      // Beside what is signed: who traces what says nothing of what happened.
      const event = trace === undefined ? committed : { ...committed, trace };
      const eventText = JSON.stringify(event);
      events.push(event);
      append.push({ sequence: event.sequence, text: eventText });
      bytes += Buffer.byteLength(eventText);
    }
    effects.push(...result.effects);
  }
  const owed = stillOwed(effects, run, timing);
  const left = batch.slice(settled.length);
  return { settled, run, events, append, bytes, effects: owed, schedule, wakeAt, refuses, changes, left };
}

/** An effect of one command may be gone by the end of its batch: a call announced, then cancelled. */
function stillOwed(effects: readonly Effect[], run: Run | undefined, timing: Timing): readonly Effect[] {
  if (run === undefined) return [];
  const owed = new Set(obligationsOf(run, timing).map(({ key }) => key));
  return effects.filter((effect) => {
    if (effect.kind === "call_model") {
      const { model, number } = run.turn;
      return number === effect.turn && model.kind === "calling" && model.attempt === effect.attempt;
    }
    if (effect.kind === "withdraw") return true;
    return owed.has(effect.key);
  });
}

/** The answer to whoever asks something of a run that is not there. */
export function notFound(): Rejection {
  return { type: "rejection", reason: "RUN_NOT_FOUND", message: "There is no such run." };
}
