// Events for a person who reads why a test failed: one a line.
import type { CallOutcome } from "../run-event.js";
import type { TestedEvent, TestedRun } from "./tested-run.js";

const LONGEST_TEXT = 160;

/** The head of the run and its events, one a line, numbered as the server numbers them. */
export function eventLines({ runId, agentName, state, error, events }: TestedRun): string {
  const why = error === undefined ? "" : ` (${error.reason}: ${error.message})`;
  const head = `The run ${runId} of ${agentName} is ${state}${why}. What happened in it:`;
  if (events.length === 0) return `${head}\n  nothing`;
  return [head, ...events.map(eventLine)].join("\n");
}

function eventLine(event: TestedEvent): string {
  const number = "kitOnly" in event ? "" : String(event.sequence);
  return `${number.padStart(5)}  ${event.type.padEnd(18)} ${eventDetail(event)}`.trimEnd();
}

/** What an event tells, without its number. */
export function eventWords(event: TestedEvent): string {
  return `${event.type} ${eventDetail(event)}`.trimEnd();
}

/** What an event tells, without its number and type. */
export function eventDetail(event: TestedEvent): string {
  switch (event.type) {
    case "run_started":
      return quoted(event.input);
    case "model_replied":
      return event.callIds.length === 0 ? quoted(event.text) : `calls ${event.callIds.join(", ")}`;
    case "tool_call":
      return event.refused === undefined
        ? `${event.callId} ${event.toolName} ${cut(event.argumentsJson)}${event.approvalRequired ? " (needs approval)" : ""}`
        : `${event.callId} ${event.toolName} ${cut(event.refusedArguments)} refused: ${event.refused}`;
    case "tool_started":
      return `${event.callId} ${event.toolName}${event.attempt > 1 ? `, attempt ${event.attempt}` : ""}`;
    case "tool_result":
    case "late_outcome":
      return `${event.callId} ${event.toolName} ${outcomeText(event.outcome)}`;
    case "waiting":
      return `${event.callId} ${event.toolName}: ${event.kind.toLowerCase()}${event.childRunId === "" ? "" : ` of run ${event.childRunId}`}`;
    case "voted": {
      const { callId, vote, editedArgumentsJson } = event;
      return `${callId} ${vote?.what.toLowerCase() ?? ""}${withText(editedArgumentsJson)} by ${vote?.onBehalfOf || vote?.who}`;
    }
    case "decided": {
      const { decision } = event;
      const edited = withText(decision?.editedArgumentsJson ?? "");
      const said = decision?.comment ? `: ${cut(decision.comment)}` : "";
      return `${event.callId} ${decision?.outcome.toLowerCase() ?? ""}${edited} by ${decision?.onBehalfOf || decision?.decidedBy}${said}`;
    }
    case "checkpoint_closed":
      return `${event.callId} ${event.why.toLowerCase()}`;
    case "error":
      return `${event.callId === "" ? "the model" : event.callId}: ${event.reason}: ${cut(event.message)}`;
    case "child_started":
      return `${event.callId} ${event.agentName}, run ${event.childRunId}`;
    case "warning":
      return `${event.reason}: ${cut(event.message)}`;
    case "ending":
      return `${event.state}${event.reason === "" ? "" : ` for ${event.reason}`}`;
    case "done":
      return cut(JSON.stringify(event.output.result) ?? "");
    case "failed":
    case "timed_out":
      return `${event.error?.reason ?? ""}: ${cut(event.error?.message ?? "")}`;
    case "cancelled":
      return `by ${event.by}${event.reason === "" ? "" : `: ${cut(event.reason)}`}`;
    case "thinking":
    case "message":
      return quoted(event.text);
    case "handoff":
      return `to ${event.agentName}`;
    case "guardrail_pass":
      return event.guardrail;
    case "guardrail_fail":
      return `${event.guardrail}${event.reason === "" ? "" : `: ${cut(event.reason)}`}`;
    default:
      return "callId" in event ? String(event.callId) : "";
  }
}

export function outcomeText(outcome: CallOutcome): string {
  switch (outcome.kind) {
    case "result":
      return cut(outcome.json);
    case "responded":
      return `answered: ${cut(outcome.json)}`;
    case "error":
      return `error: ${cut(outcome.message)}`;
    case "rejected":
      return `rejected${outcome.reason === "" ? "" : `: ${cut(outcome.reason)}`}`;
    case "cancelled":
      return `cancelled: ${cut(outcome.reason)}`;
    case "truncated":
      return `${outcome.sizeBytes} bytes`;
    case "unknown":
      return "";
    default:
      return outcome satisfies never;
  }
}

function withText(edited: string): string {
  return edited === "" ? "" : ` with ${cut(edited)}`;
}

function quoted(text: string): string {
  return text === "" ? "" : cut(JSON.stringify(text));
}

function cut(text: string): string {
  return text.length <= LONGEST_TEXT ? text : `${text.slice(0, LONGEST_TEXT - 1)}…`;
}
