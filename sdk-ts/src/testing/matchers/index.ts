// What expect() of Vitest and of Jest can be extended by. Vitest: import "@agentspan/sdk/testing/vitest" in a setup file;
// Jest: "@agentspan/sdk/testing/jest". Both only do expect.extend(runMatchers), and tell the types.
import { failureText, negated } from "../expect/expectation.js";
import type { Finding } from "../expect/finding.js";
import type { OutputType } from "../expect/findings.js";
import * as findings from "../expect/findings.js";
import type { EventPattern } from "../expect/names.js";
import * as people from "../expect/people-findings.js";
import { requireRun } from "../expect/run-check.js";
import * as tools from "../expect/tool-findings.js";
import type { TestedRun } from "../tested-run.js";

/** What a matcher gives its test runner. */
export interface MatcherResult {
  readonly pass: boolean;
  readonly message: () => string;
}

/** The matchers as they are called; `R` is what the test runner gives back. */
export interface RunMatchers<R> {
  /** The run came to its answer. */
  toHaveCompleted(): R;
  /** The run failed; with this reason, such as MAX_TURNS, where one is named. */
  toHaveFailed(reason?: string): R;
  /** Somebody ended the run. */
  toHaveBeenCancelled(): R;
  /** The run took longer than it may. */
  toHaveTimedOut(): R;
  /** Where the run stands: COMPLETED, WAITING, CANCELLED and so on. */
  toHaveStatus(state: TestedRun["state"]): R;
  /** No attempt failed, no call was refused or came to an error, and the run did not fail. */
  toHaveNoErrors(): R;
  /** The tool ran, whatever came of it, or a person answered the question that it is; with these arguments, as it ran. */
  toHaveUsedTool(toolName: string, ...args: readonly [args?: unknown]): R;
  /** So many calls of the tool ran. Attempts of one call count once. */
  toHaveUsedToolTimes(toolName: string, count: number): R;
  /** A call of the tool ran, and came to an error after its last attempt. */
  toHaveFailedTool(toolName: string): R;
  /** These began in this order; others may have run in between. */
  toHaveUsedToolsInOrder(toolNames: readonly string[]): R;
  /** Each of these ran, and no other. */
  toHaveUsedExactlyTools(toolNames: readonly string[]): R;
  /** The answer is this. */
  toHaveOutput(expected: unknown): R;
  /** The answer, as text, has this in it, or matches it. */
  toHaveOutputLike(text: string | RegExp): R;
  /** The answer is of a kind ("string", "object", …), fits a zod schema, or a function is true of it. */
  toHaveOutputOfType(type: OutputType): R;
  /** One of the events is of this type, or has these fields. */
  toHaveEvent(event: EventPattern): R;
  /** Events of these types, or with these fields, came in this order; others may have come in between. */
  toHaveEventsInOrder(events: readonly EventPattern[]): R;
  /** The model replied so often at most. */
  toHaveTakenAtMostTurns(most: number): R;
  /** The run waited for a person, or one that it started did: for a call of this tool, or for any. */
  toHavePausedFor(toolName?: string): R;
  /** A person approved a call, by their decision or by their vote: of this tool, or of any; this person, or somebody. */
  toHaveBeenApproved(toolName?: string, by?: string): R;
  /** A standing grant allowed a call, and nobody was asked: of this tool, or of any. */
  toHaveBeenAllowedByGrant(toolName?: string): R;
  /** A person rejected a call: of this tool, or of any; for this reason, or for any. */
  toHaveBeenRejected(toolName?: string, reason?: string | RegExp): R;
  /** A person answered: a question, or in place of a tool. */
  toHaveBeenAnswered(toolName?: string): R;
  /** Nobody decided in time. */
  toHaveExpired(toolName?: string): R;
}

type Matchers = {
  readonly [Name in keyof RunMatchers<void>]: (
    run: TestedRun,
    ...args: Parameters<RunMatchers<void>[Name]>
  ) => MatcherResult;
};

/** For expect.extend() of any test runner that has Jest's. */
export const runMatchers: Matchers = {
  toHaveCompleted: matcher(findings.completed),
  toHaveFailed: matcher(findings.failed),
  toHaveBeenCancelled: matcher(findings.cancelled),
  toHaveTimedOut: matcher(findings.timedOut),
  toHaveStatus: matcher(findings.status),
  toHaveNoErrors: matcher(findings.noErrors),
  toHaveUsedTool: matcher(tools.usedTool),
  toHaveUsedToolTimes: matcher(tools.usedTimes),
  toHaveFailedTool: matcher(tools.toolFailed),
  toHaveUsedToolsInOrder: matcher(tools.toolCallOrder),
  toHaveUsedExactlyTools: matcher(tools.toolsUsedExactly),
  toHaveOutput: matcher(findings.output),
  toHaveOutputLike: matcher((run: TestedRun, text: string | RegExp) =>
    typeof text === "string" ? findings.outputContains(run, text) : findings.outputMatches(run, text),
  ),
  toHaveOutputOfType: matcher(findings.outputType),
  toHaveEvent: matcher(findings.eventsContain),
  toHaveEventsInOrder: matcher(findings.eventSequence),
  toHaveTakenAtMostTurns: matcher(findings.maxTurns),
  toHavePausedFor: matcher(people.paused),
  toHaveBeenApproved: matcher(people.approved),
  toHaveBeenAllowedByGrant: matcher(people.allowedByGrant),
  toHaveBeenRejected: matcher(people.rejected),
  toHaveBeenAnswered: matcher(people.answered),
  toHaveExpired: matcher(people.expired),
};

function matcher<A extends readonly unknown[]>(find: (run: TestedRun, ...args: A) => Finding) {
  return function (this: unknown, run: TestedRun, ...args: A): MatcherResult {
    // Thrown, so that the opposite fails as well.
    requireRun(run);
    const { holds, expected, instead, unsure } = find(run, ...args);
    if (unsure !== undefined && !holds && isNegated(this)) {
      return { pass: true, message: () => failureText(run, negated(expected), unsure) };
    }
    const why = unsure === undefined || holds ? instead : `${instead} ${unsure}`;
    // The runner asks for the words where it failed: of a passed one, because the opposite was expected.
    return { pass: holds, message: () => failureText(run, holds ? negated(expected) : expected, why) };
  };
}

/** Test runners tell their matchers whether the opposite is expected. */
function isNegated(state: unknown): boolean {
  return typeof state === "object" && state !== null && "isNot" in state && state.isNot === true;
}
