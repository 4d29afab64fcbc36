// What a test expects of a run, in a chain.
import { AssertionError } from "node:assert";
import { eventLines } from "../event-lines.js";
import type { TestedRun } from "../tested-run.js";
import type { Finding } from "./finding.js";
import type { OutputType } from "./findings.js";
import * as findings from "./findings.js";
import type { EventPattern } from "./names.js";
import * as people from "./people-findings.js";
import { requireRun } from "./run-check.js";
import * as tools from "./tool-findings.js";

/** Each method throws an AssertionError that says what there is instead, with the run's events, or gives the chain back. */
export class Expectation {
  readonly run: TestedRun;

  /** Throws KitError where it is no run. */
  constructor(run: TestedRun) {
    requireRun(run);
    this.run = run;
  }

  /** The run came to its answer. */
  completed(): this {
    return this.#hold(findings.completed(this.run));
  }

  /** The run failed; with this reason, such as MAX_TURNS, where one is named. */
  failed(reason?: string): this {
    return this.#hold(findings.failed(this.run, reason));
  }

  /** Somebody ended the run. */
  cancelled(): this {
    return this.#hold(findings.cancelled(this.run));
  }

  /** The run took longer than it may. */
  timedOut(): this {
    return this.#hold(findings.timedOut(this.run));
  }

  /** Where the run stands: COMPLETED, WAITING, CANCELLED and so on. */
  status(state: TestedRun["state"]): this {
    return this.#hold(findings.status(this.run, state));
  }

  /** No attempt failed, no call was refused or came to an error, and the run did not fail. */
  noErrors(): this {
    return this.#hold(findings.noErrors(this.run));
  }

  /**
   * The tool ran, whatever came of it, or a person answered the question that it is; with these arguments (all of them, as
   * it ran: after a person's edit). A call that was rejected, or still waits, did not. Add noErrors() where it is to have
   * succeeded.
   */
  usedTool(toolName: string, ...args: readonly [args?: unknown]): this {
    return this.#hold(tools.usedTool(this.run, toolName, ...args));
  }

  /** The opposite. */
  didNotUseTool(toolName: string): this {
    return this.#not(tools.usedTool(this.run, toolName));
  }

  /** So many calls of the tool ran. Attempts of one call count once. */
  usedTimes(toolName: string, count: number): this {
    return this.#hold(tools.usedTimes(this.run, toolName, count));
  }

  /** A call of the tool ran, and came to an error after its last attempt. */
  toolFailed(toolName: string): this {
    return this.#hold(tools.toolFailed(this.run, toolName));
  }

  /** These began in this order, whatever the order in which the model called them; others may have run in between. */
  toolCallOrder(toolNames: readonly string[]): this {
    return this.#hold(tools.toolCallOrder(this.run, toolNames));
  }

  /** Each of these ran, as often as you like, and no other. */
  toolsUsedExactly(toolNames: readonly string[]): this {
    return this.#hold(tools.toolsUsedExactly(this.run, toolNames));
  }

  /** The answer is this. */
  output(expected: unknown): this {
    return this.#hold(findings.output(this.run, expected));
  }

  /** The answer, as text, has this in it. */
  outputContains(text: string): this {
    return this.#hold(findings.outputContains(this.run, text));
  }

  outputMatches(pattern: RegExp): this {
    return this.#hold(findings.outputMatches(this.run, pattern));
  }

  /** The answer is of a kind ("string", "object", …), fits a zod schema, or a function is true of it. */
  outputType(type: OutputType): this {
    return this.#hold(findings.outputType(this.run, type));
  }

  /** One of the events is of this type, or has these fields. */
  eventsContain(event: EventPattern): this {
    return this.#hold(findings.eventsContain(this.run, event));
  }

  /** Events of these types, or with these fields, came in this order; others may have come in between. */
  eventSequence(events: readonly EventPattern[]): this {
    return this.#hold(findings.eventSequence(this.run, events));
  }

  /** The model replied so often at most. */
  maxTurns(most: number): this {
    return this.#hold(findings.maxTurns(this.run, most));
  }

  /** The run waited for a person, or one that it started did: for a call of this tool, or for any. */
  paused(toolName?: string): this {
    return this.#hold(people.paused(this.run, toolName));
  }

  /**
   * A person approved a call: of this tool, or of any. With `by`: this person did, by their decision or by their vote.
   * What a standing grant allowed, nobody approved.
   */
  approved(toolName?: string, by?: string): this {
    return this.#hold(people.approved(this.run, toolName, by));
  }

  /** A standing grant allowed a call, and nobody was asked: of this tool, or of any. */
  allowedByGrant(toolName?: string): this {
    return this.#hold(people.allowedByGrant(this.run, toolName));
  }

  /** A person rejected a call: of this tool, or of any; for this reason, or for any. */
  rejected(toolName?: string, reason?: string | RegExp): this {
    return this.#hold(people.rejected(this.run, toolName, reason));
  }

  /** A person answered: a question, or in place of a tool. */
  answered(toolName?: string): this {
    return this.#hold(people.answered(this.run, toolName));
  }

  /** Nobody decided in time. */
  expired(toolName?: string): this {
    return this.#hold(people.expired(this.run, toolName));
  }

  #hold({ holds, expected, instead, unsure }: Finding): this {
    if (!holds) throw failure(this.run, expected, unsure === undefined ? instead : `${instead} ${unsure}`);
    return this;
  }

  #not({ holds, expected, instead, unsure }: Finding): this {
    if (holds || unsure !== undefined) throw failure(this.run, negated(expected), holds ? instead : `${unsure}`);
    return this;
  }
}

/** "the run to have completed" becomes "the run not to have completed". */
export function negated(expected: string): string {
  return expected
    .replace(/ to (have|be|contain|match|fit|come) /, " not to $1 ")
    .replace(/^nobody not to/, "somebody to");
}

/** Begins a chain. Throws KitError where it is no run, such as the promise of one. Test runners have an `expect` of their own: there use the same by its other name. */
export function expectRun(run: TestedRun): Expectation {
  return new Expectation(run);
}

/** What a failure says: what was expected, what there is instead, and what happened. */
export function failureText(run: TestedRun, expected: string, instead: string): string {
  return `Expected ${expected}.\n${instead}\n\n${eventLines(run)}`;
}

function failure(run: TestedRun, expected: string, instead: string): AssertionError {
  return new AssertionError({ message: failureText(run, expected, instead), stackStartFn: Expectation });
}
