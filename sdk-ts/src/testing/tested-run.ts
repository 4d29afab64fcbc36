// A run as a test looks at it: made up by mockRun, or carried out by a kit. What is told of its calls is read off its events.
import type { DecisionOutcome } from "../approval.js";
import type { MappedEvent } from "../event-mapping.js";
import type { JsonObject } from "../json-text.js";
import type { CallOutcome } from "../run-event.js";
import type { RunError, RunOutput, RunState, RunStatus, Usage } from "../run-status.js";
import type { KitEvent } from "./kit-event.js";
import type { KnownTools } from "./known-tools.js";
import { callsOf, childRunsOf } from "./tested-calls.js";

/** An event of a run, as handles stream them; or one that only the kit knows. */
export type TestedEvent = MappedEvent | KitEvent;

export interface TestedRun {
  readonly runId: string;
  readonly agentName: string;
  readonly input: string;
  readonly state: RunState;
  /** The state is COMPLETED. */
  readonly isSuccess: boolean;
  /** It waits for a person. */
  readonly isWaiting: boolean;
  /** `result` and `finishReason`; empty unless it completed. */
  readonly output: RunOutput;
  readonly error: RunError | undefined;
  readonly usage: Usage;
  /** Oldest first. */
  readonly events: readonly TestedEvent[];
  /** The calls that the model made, in their order. */
  readonly calls: readonly TestedCall[];
  /**
   * The runs that this one started, oldest first. What they did is told by themselves: `await kit.tested(runId)`. Of theirs,
   * this run knows what they wait for.
   */
  readonly childRuns: readonly TestedChildRun[];
  /** The tools that there are; undefined where the definition is not known. */
  readonly tools: KnownTools | undefined;
}

export interface TestedChildRun {
  readonly runId: string;
  readonly agentName: string;
}

/** A person agreed, and others had to as well. */
export interface TestedVote {
  readonly outcome: DecisionOutcome;
  readonly by: string;
  readonly comment: string;
}

/** What decided an approval or a question, or what became of a call whose outcome nobody knew. */
export interface TestedDecision {
  readonly outcome: DecisionOutcome;
  readonly by: string;
  /** The reason of a rejection, or the comment. */
  readonly comment: string;
  /** A standing grant decided it: nobody was asked. */
  readonly byGrant: boolean;
}

/** One call that the model made. */
export interface TestedCall {
  readonly callId: string;
  readonly toolName: string;
  /** As it ran: a person's edit, or else what the model wrote. */
  readonly args: JsonObject;
  /** As the model wrote it. */
  readonly askedArgs: JsonObject;
  /** Why the server refused it, unknown tools and arguments that do not fit; undefined where it did not. */
  readonly refused: string | undefined;
  /** It waited for a person. */
  readonly paused: boolean;
  /** Nobody decided in time. */
  readonly expired: boolean;
  /** Who agreed before the one who decided, where several had to. What an edit of the arguments made void is not there. */
  readonly votes: readonly TestedVote[];
  /** Oldest first: a call that was approved may have to be settled later. */
  readonly decisions: readonly TestedDecision[];
  /** A worker had it, whatever came of that; the run that it starts began; or a person answered the question that it is. */
  readonly used: boolean;
  /** The number of the event by which it was used; undefined where it was not. Tools are used in this order. */
  readonly usedAt: number | undefined;
  /** Undefined while it has none. */
  readonly outcome: CallOutcome | undefined;
}

/** A run whose status and events were read. */
export function testedRun(status: RunStatus, events: readonly TestedEvent[], tools?: KnownTools): TestedRun {
  const { runId, agentName, state, isWaiting, output, error, usage } = status;
  const [first] = events;
  const input = first?.type === "run_started" ? first.input : "";
  const about = { runId, agentName, input, state, isSuccess: state === "COMPLETED", isWaiting, output, error, usage };
  return { ...about, events, calls: callsOf(events), childRuns: childRunsOf(events), tools };
}
