// A run as a test looks at it: made up by mockRun, or carried out by a kit. What is told of its calls is read off its events.
import type { DecisionOutcome } from "../approval.js";
import type { MappedEvent } from "../event-mapping.js";
import { type JsonObject, readJsonObject } from "../json-text.js";
import type { CallOutcome } from "../run-event.js";
import type { RunError, RunOutput, RunState, RunStatus, Usage } from "../run-status.js";
import type { KitEvent } from "./kit-event.js";

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
}

/** How people came into a call. */
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
  readonly decision: TestedDecision | undefined;
  /** A worker had it, or a person answered the question that it is. */
  readonly used: boolean;
  /** Undefined while it has none. */
  readonly outcome: CallOutcome | undefined;
}

/** A run whose status and events were read. */
export function testedRun(status: RunStatus, events: readonly TestedEvent[]): TestedRun {
  const { runId, agentName, state, isWaiting, output, error, usage } = status;
  const [first] = events;
  const input = first?.type === "run_started" ? first.input : "";
  const about = { runId, agentName, input, state, isSuccess: state === "COMPLETED", isWaiting, output, error, usage };
  return { ...about, events, calls: callsOf(events) };
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

export function callsOf(events: readonly TestedEvent[]): readonly TestedCall[] {
  const calls = new Map<string, Writable<TestedCall>>();
  const questions = new Set<string>();
  for (const event of events) {
    if (event.type === "tool_call") {
      const { callId, toolName, args, refused } = event;
      calls.set(callId, {
        ...{ callId, toolName, args, askedArgs: args, refused },
        ...{ paused: false, expired: false, decision: undefined, used: false, outcome: undefined },
      });
    }
    // What a run that this one started waits for is no call of this one.
    const call = "callId" in event && !isOfChild(event) ? calls.get(event.callId) : undefined;
    if (call === undefined) continue;
    switch (event.type) {
      case "waiting":
        call.paused = true;
        if (event.kind === "QUESTION") questions.add(event.callId);
        break;
      case "decided":
        if (event.decision !== undefined) {
          const { outcome, decidedBy, onBehalfOf, comment, editedArgumentsJson, ground } = event.decision;
          call.decision = { outcome, by: onBehalfOf || decidedBy, comment, byGrant: ground !== undefined };
          if (editedArgumentsJson !== "") call.args = readJsonObject(editedArgumentsJson);
        }
        break;
      case "checkpoint_closed":
        call.expired ||= event.why === "EXPIRED";
        break;
      case "tool_started":
      case "child_started":
        call.used = true;
        break;
      case "tool_result":
        call.outcome = event.outcome;
        call.used ||= event.outcome.kind === "result" && questions.has(event.callId);
        break;
      default:
        break;
    }
  }
  return [...calls.values()];
}

function isOfChild(event: TestedEvent): boolean {
  return "childRunId" in event && event.childRunId !== "" && event.type !== "child_started";
}
