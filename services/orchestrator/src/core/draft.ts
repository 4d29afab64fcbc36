// A transition in the making: facts are emitted one by one, and each is folded at once, so that whoever decides looks
// at the state as it will be.
import type { Agent } from "./agent.js";
import { termsOf } from "./checkpoint-time.js";
import type { Answer, Rejection, RejectionReason } from "./commands.js";
import type { CallOutcome, End, Fact, RunEvent, ToolFinished, UnknownAttempt } from "./events.js";
import { evolve } from "./evolve.js";
import type { Schedule, Timing } from "./obligations.js";
import { type Call, hasChild, isGuarded, openCheckpoints, type Run, unsettledOf } from "./run.js";

/** What the core is told of the world. All of it is data or pure functions. */
export interface Context {
  /** Milliseconds since the epoch, corrected by the store's clock. */
  readonly now: number;
  /** The orchestrator that decides; it holds the effects that follow. */
  readonly by: string;
  /** The run's pinned definition. */
  readonly agent: Agent;
  readonly timing: Timing;
  /** Random text for ids that must not be guessed; fresh for each decision. */
  readonly entropy: string;
  /** Random, from 0 to 1. */
  readonly jitter: number;
  readonly schedule: Schedule;
  /** UTF-8 bytes of the events in the document, and of all events. */
  readonly inlineBytes: number;
  readonly totalBytes: number;
  readonly text: TextFunctions;
}

/** Pure functions over JSON text that come from outside the core. */
export interface TextFunctions {
  /** Parses strictly; the RFC 8785 text of an object and its digest, or what is wrong with it. */
  canonicalArguments(text: string): { ok: true; text: string; digest: string } | { ok: false; problem: string };
  /** What keeps a text from satisfying a JSON Schema; empty where it does. */
  schemaProblems(schema: string, text: string): readonly string[];
  /**
   * What a rule says of arguments (canonical JSON text) and a run's labels. Where it says neither true nor false, it asks
   * for people, and `problem` tells why.
   */
  ruleVerdict(rule: string, input: RuleInput): RuleVerdict;
  /**
   * The RFC 8785 text of what a preview shows, and its fingerprint: of the values at these paths, or of all of it where
   * there are none; or a sentence that says what is wrong with it.
   */
  previewOf(
    text: string,
    fields: readonly string[],
  ): { ok: true; text: string; fingerprint: string } | { ok: false; problem: string };
  /** "sha256:" and the hexadecimal SHA-256 of the UTF-8. */
  digestOf(text: string): string;
  utf8Length(text: string): number;
}

export interface RuleInput {
  readonly arguments: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface RuleVerdict {
  readonly asks: boolean;
  readonly problem?: string;
}

export class Draft {
  readonly events: RunEvent[] = [];
  private current: Run;

  constructor(
    readonly before: Run,
    readonly context: Context,
  ) {
    this.current = before;
  }

  get run(): Run {
    return this.current;
  }

  get now(): number {
    // A run's time never runs backwards, whoever's clock decides.
    return Math.max(this.context.now, this.before.updatedAt);
  }

  emit(fact: Fact): RunEvent {
    const event = { sequence: this.current.lastSequence + 1, at: this.now, by: this.context.by, fact };
    this.current = evolve(this.current, event);
    this.events.push(event);
    return event;
  }

  finish(call: Call, outcome: CallOutcome, from?: Pick<ToolFinished, "attempt" | "nonce" | "by" | "report">): void {
    this.emit({
      type: "tool_result",
      callId: call.callId,
      tool: call.tool,
      attempt: attemptOf(call),
      ...from,
      outcome,
    });
  }

  /**
   * Ends a call that no worker holds. Where an earlier attempt of it may have taken effect, that is not known by ending
   * it: a person is asked again.
   */
  drop(call: Call, outcome: CallOutcome): void {
    const unsettled = unsettledOf(this.run, call);
    if (unsettled === undefined) this.finish(call, outcome);
    else this.askWhetherItHappened(call, unsettled);
  }

  askWhetherItHappened(call: Call, unknown: UnknownAttempt): void {
    this.emit({
      type: "waiting",
      approvalId: `set_${call.callId}_${this.context.entropy}`,
      kind: "SETTLEMENT",
      callId: call.callId,
      tool: call.tool,
      digest: call.digest,
      ...termsOf(this, call.tool, "SETTLEMENT"),
      reason: "Nobody knows whether this call took effect: its worker did not report an outcome.",
      unknown,
    });
  }

  /**
   * Starts nothing new from here on: closes approvals, questions and tasks nobody has claimed. Plain calls in progress
   * are given up; the end itself waits for guarded ones, and for the runs that were started (`advance`).
   */
  end(end: End): void {
    this.emit({ type: "ending", end });
    for (const { approvalId, callId, kind } of openCheckpoints(this.run)) {
      if (kind !== "SETTLEMENT") this.emit({ type: "checkpoint_closed", approvalId, callId, why: "CANCELLED" });
    }
    for (const call of this.run.turn.calls) {
      const { kind } = call.state;
      const stays =
        kind === "finished" || kind === "unknown" || hasChild(call) || (kind === "claimed" && isGuarded(call.gate));
      if (!stays) this.drop(call, { kind: "cancelled", reason: "The run ended before this call had an outcome." });
    }
  }

  /** What must follow at once from the state as it is now. */
  advance(): void {
    if (this.run.phase.kind === "active" && this.run.turn.model.kind === "exhausted") {
      const message = `The agent used its ${this.run.maxTurns} turns without a final answer.`;
      this.end({ state: "FAILED", reason: "MAX_TURNS", message });
    }
    const { phase } = this.run;
    if (
      phase.kind === "ending" &&
      !this.run.turn.calls.some((call) => call.state.kind === "claimed" || hasChild(call))
    ) {
      this.emit({ type: "ended", end: phase.end });
    }
  }
}

export function attemptOf(call: Call): number {
  return "attempt" in call.state ? call.state.attempt : 0;
}

/** The answer of a command, or why it was not carried out. */
export type Verdicts = Answer | Rejection;

export function reject(
  reason: RejectionReason,
  message: string,
  more: Pick<Rejection, "metadata" | "fields" | "retryAfterMs"> = {},
): Rejection {
  return { type: "rejection", reason, message, ...more };
}

export const OK: Answer = { type: "ok" };

export function stale(detail: string): Answer {
  return { type: "stale", detail };
}
