// What expect() of Vitest and of Jest can be extended by. Vitest: import "@agentspan/sdk/testing/vitest" in a setup file;
// Jest: "@agentspan/sdk/testing/jest". Both only do expect.extend(runMatchers), and tell the types.
import { failureText } from "../expect/expectation.js";
import type { EventPattern, Finding, OutputType } from "../expect/findings.js";
import * as findings from "../expect/findings.js";
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
  /** Where the run stands: COMPLETED, WAITING, CANCELLED and so on. */
  toHaveStatus(state: TestedRun["state"]): R;
  /** No attempt failed, no call was refused or came to an error, and the run did not fail. */
  toHaveNoErrors(): R;
  /** The tool ran, or a person answered the question that it is; with these arguments, as it ran. */
  toHaveUsedTool(toolName: string, args?: unknown): R;
  /** These ran in this order; others may have run in between. */
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
  /** The run waited for a person: for a call of this tool, or for any. */
  toHavePausedFor(toolName?: string): R;
  /** A person approved a call: of this tool, or of any; this person, or somebody. */
  toHaveBeenApproved(toolName?: string, by?: string): R;
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
  toHaveStatus: matcher(findings.status),
  toHaveNoErrors: matcher(findings.noErrors),
  toHaveUsedTool: matcher(findings.usedTool),
  toHaveUsedToolsInOrder: matcher(findings.toolCallOrder),
  toHaveUsedExactlyTools: matcher(findings.toolsUsedExactly),
  toHaveOutput: matcher(findings.output),
  toHaveOutputLike: matcher((run: TestedRun, text: string | RegExp) =>
    typeof text === "string" ? findings.outputContains(run, text) : findings.outputMatches(run, text),
  ),
  toHaveOutputOfType: matcher(findings.outputType),
  toHaveEvent: matcher(findings.eventsContain),
  toHaveEventsInOrder: matcher(findings.eventSequence),
  toHaveTakenAtMostTurns: matcher(findings.maxTurns),
  toHavePausedFor: matcher(findings.paused),
  toHaveBeenApproved: matcher(findings.approved),
  toHaveBeenRejected: matcher(findings.rejected),
  toHaveBeenAnswered: matcher(findings.answered),
  toHaveExpired: matcher(findings.expired),
};

function matcher<A extends readonly unknown[]>(find: (run: TestedRun, ...args: A) => Finding) {
  return (run: TestedRun, ...args: A): MatcherResult => {
    if (!isTestedRun(run)) {
      return { pass: false, message: () => "Expected a run, as mockRun() or a kit gives it, and got something else." };
    }
    const { holds, expected, instead } = find(run, ...args);
    // The runner asks for the words where it failed: of a passed one, because the opposite was expected.
    return { pass: holds, message: () => failureText(run, holds ? negated(expected) : expected, instead) };
  };
}

function isTestedRun(run: unknown): run is TestedRun {
  return typeof run === "object" && run !== null && "events" in run && "calls" in run;
}

/** "the run to have completed" becomes "the run not to have completed". */
function negated(expected: string): string {
  return expected
    .replace(/ to (have|be|contain|match|fit|come) /, " not to $1 ")
    .replace(/^nobody not to/, "somebody to");
}
