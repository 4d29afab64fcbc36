// One run as the property tests explore it: the core under test, the run and its record, the clock, and what was asked
// and answered so far. `step` carries out one command and has every invariant look at what came of it.
import type * as core from "../../src/core/index.js";
import type {
  Agent,
  Answer,
  Command,
  Context,
  Effect,
  Rejection,
  Run,
  RunEvent,
  Transition,
} from "../../src/core/index.js";
import { textFunctions } from "../../src/text-functions.js";
import type { Coverage } from "./coverage.js";
import { exploredAgent } from "./explored-agent.js";
import type { Told } from "./explored-children.js";

export type Core = typeof core;

/** What an invariant looks at: one command, and what came of it. */
export interface Step {
  readonly before: Run | undefined;
  readonly command: Command;
  readonly context: Context;
  readonly result: Transition | Rejection;
  /** As the command left it. */
  readonly run: Run | undefined;
  readonly events: readonly RunEvent[];
  readonly effects: readonly Effect[];
  readonly answer: Answer | undefined;
}

/** A claim that was granted, as its worker holds it. */
export interface HeldGrant {
  readonly callId: string;
  readonly attempt: number;
  readonly nonce: string;
  readonly workerId: string;
  readonly digest: string;
}

/** A broken invariant, by its number at the top of core-properties.test.ts. */
export class Violation extends Error {
  constructor(
    readonly invariant: number,
    what: string,
  ) {
    super(`Invariant ${invariant}: ${what}`);
  }
}

export type Invariants = (explored: ExploredRun, step: Step) => void;

/** What looks at every step of a run, and the numbers of the invariants that it may find broken. */
export type Watcher = readonly [invariants: readonly number[], watch: () => Invariants];

export class ExploredRun {
  run: Run | undefined;
  readonly events: RunEvent[] = [];
  readonly commands: Command[] = [];
  readonly grants: HeldGrant[] = [];
  /** What the runs that it started had to tell, by call. */
  readonly told = new Map<string, readonly Told[]>();
  now = 1_000_000;
  /** A fresh number for nonces, decisions and entropy. */
  counter = 0;
  schedule: Context["schedule"] = {};
  readonly agent: Agent;

  constructor(
    readonly core: Core,
    private readonly check: Invariants,
    readonly coverage: Coverage | undefined,
    options: { deadlineMs: number | undefined },
  ) {
    this.agent = exploredAgent(options);
  }

  fresh(): number {
    this.counter += 1;
    return this.counter;
  }

  context(size = 0): Context {
    return {
      now: this.now,
      by: `o${this.counter % 2}`,
      agent: this.agent,
      timing: this.core.DEFAULT_TIMING,
      entropy: `e${this.fresh()}`,
      jitter: 0,
      schedule: this.schedule,
      inlineBytes: size,
      totalBytes: size,
      text: textFunctions,
    };
  }

  step(command: Command, context: Context = this.context()): Step {
    const before = this.run;
    this.coverage?.meet(before, command);
    const result = this.decide(before, command, context);
    const rejected = result.type === "rejection";
    const step: Step = {
      before,
      command,
      context,
      result,
      run: rejected ? before : result.run,
      events: rejected ? [] : result.events,
      effects: rejected ? [] : result.effects,
      answer: rejected ? undefined : result.answer,
    };
    if (!rejected) {
      this.run = deepFreeze(result.run);
      this.schedule = result.schedule;
      this.events.push(...result.events);
    }
    if (command.type === "claim" && step.answer?.type === "granted") {
      const { callId, attempt, nonce, workerId } = command;
      this.grants.push({ callId, attempt, nonce, workerId, digest: step.answer.digest });
    }
    this.check(this, step);
    this.commands.push(command);
    return step;
  }

  /** As decide, without taking what comes of it. Whatever it throws breaks an invariant. */
  decide(run: Run | undefined, command: Command, context: Context): Transition | Rejection {
    try {
      return this.core.decide(run, command, context);
    } catch (error) {
      throw new Violation(
        14,
        `decide threw ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
      );
    }
  }
}

/** Frozen runs are shared in part by the runs that follow: each part is frozen once. */
export function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const part of Object.values(value)) deepFreeze(part);
  }
  return value;
}
