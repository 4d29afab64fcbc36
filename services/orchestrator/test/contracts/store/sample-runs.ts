// Runs as the core would make them, told by their facts, and the writes that store them.
import type { Fact, RunEvent } from "../../../src/core/events.js";
import { evolve } from "../../../src/core/evolve.js";
import type { Schedule } from "../../../src/core/obligations.js";
import type { Run } from "../../../src/core/run.js";
import type { RunWrite, StoredRun } from "../../../src/ports.js";

export interface StartOptions {
  readonly namespace?: string;
  readonly agentName?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly input?: string;
  readonly at?: number;
  readonly wakeAt?: number;
  readonly parentRunId?: string;
}

export interface NextOptions {
  readonly at?: number;
  readonly schedule?: Schedule;
  readonly wakeAt?: number;
  readonly approvers?: NonNullable<RunWrite["approvers"]>;
}

const BY = "orc_1";
const BEGIN = Date.UTC(2026, 0, 1);

/** A write that creates a run. */
export function starting(runId: string, options: StartOptions = {}): RunWrite {
  const { namespace = "default", agentName = "refunds", labels = {}, input = "hello", at = BEGIN, wakeAt } = options;
  const fact: Fact = {
    type: "run_started",
    runId,
    namespace,
    agentName,
    agentVersion: "v1",
    maxTurns: 25,
    input,
    startedBy: "ana",
    labels,
    requestHash: "h",
    ...(options.parentRunId === undefined ? {} : { parentRunId: options.parentRunId }),
  };
  return writeOf(runId, undefined, [fact], { at, ...(wakeAt === undefined ? {} : { wakeAt }) });
}

/** A write that appends facts to what is stored. */
export function following(stored: StoredRun, facts: readonly Fact[], options: NextOptions = {}): RunWrite {
  return writeOf(stored.run.runId, stored, facts, options);
}

function writeOf(
  runId: string,
  stored: StoredRun | undefined,
  facts: readonly Fact[],
  { at = BEGIN, schedule, wakeAt, approvers }: NextOptions,
): RunWrite {
  let run: Run | undefined = stored?.run;
  const events: RunEvent[] = [];
  for (const fact of facts) {
    const event: RunEvent = { sequence: (run?.lastSequence ?? 0) + 1, at, by: BY, fact };
    run = evolve(run, event);
    events.push(event);
  }
  if (run === undefined) throw new Error("A run begins with a fact.");
  const append = events.map((event) => ({ sequence: event.sequence, text: JSON.stringify(event) }));
  const bytes = append.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0);
  return {
    runId,
    expectedVersion: stored?.version ?? 0,
    run,
    ...(approvers === undefined ? {} : { approvers }),
    append,
    schedule: schedule ?? stored?.schedule ?? {},
    ...(wakeAt === undefined ? {} : { wakeAt }),
    inlineBytes: (stored?.inlineBytes ?? 0) + bytes,
    totalBytes: (stored?.totalBytes ?? 0) + bytes,
  };
}

export const pause = (reason: string): Fact => ({ type: "paused", who: "ana", reason });

export const resume: Fact = { type: "resumed", who: "ana" };

export const end: Fact = { type: "ended", end: { state: "COMPLETED", output: "{}" } };

/** The model asks for tools, each of which waits for a person. */
export function gatedTurn(calls: readonly { readonly callId: string; readonly tool: string }[]): readonly Fact[] {
  const replied: Fact = {
    type: "model_replied",
    turn: 1,
    attempt: 1,
    text: "",
    callIds: calls.map(({ callId }) => callId),
    usage: { inputTokens: 1, outputTokens: 1 },
    finishReason: "STOP",
  };
  return [replied, ...calls.flatMap(({ callId, tool }) => [toolCall(callId, tool), waiting(callId, tool)])];
}

export function toolCall(callId: string, tool: string, args = "{}"): Fact {
  return {
    type: "tool_call",
    callId,
    modelCallId: `m_${callId}`,
    turn: 1,
    tool,
    queue: "refunds",
    gate: "approval",
    arguments: args,
    digest: "d",
  };
}

export function waiting(callId: string, tool: string, kind: "APPROVAL" | "QUESTION" | "SETTLEMENT" = "APPROVAL"): Fact {
  return {
    type: "waiting",
    approvalId: `apr_${callId}`,
    kind,
    callId,
    tool,
    digest: "d",
    votesRequired: 1,
    explicit: false,
    reason: "its owner asks for it",
  };
}

export const close = (callId: string): Fact => ({
  type: "checkpoint_closed",
  approvalId: `apr_${callId}`,
  callId,
  why: "EXPIRED",
});
