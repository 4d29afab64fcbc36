// What an event says, on one line.
import type { CallOutcome, Decision, RunEvent } from "@agentspan/sdk";
import { oneLine } from "./safe-text.js";
import { timeOfDay } from "./times.js";

const SEQUENCE_WIDTH = 4;
const TYPE_WIDTH = 17;

/** "   7  21:30:01.123  tool_started       process_refund, attempt 1" */
export function eventLine(event: RunEvent, columns: number): string {
  const head = [
    String(event.sequence).padStart(SEQUENCE_WIDTH),
    timeOfDay(event.at),
    event.type.padEnd(TYPE_WIDTH),
  ].join("  ");
  return `${head}  ${oneLine(whatHappened(event), Math.max(20, columns - head.length - 2))}`.trimEnd();
}

/** Of the events' own fields, the ones a person looks for. */
export function whatHappened(event: RunEvent): string {
  switch (event.type) {
    case "run_started":
      return `${event.agentName}: ${event.input}`;
    case "model_replied":
      return event.text || `asks for ${count(event.callIds.length, "call")} (turn ${event.turn})`;
    case "tool_call":
      return event.refused === undefined
        ? `${event.toolName} ${event.argumentsJson}${event.approvalRequired ? " (needs approval)" : ""}`
        : `${event.toolName} was refused: ${event.refused}`;
    case "tool_started":
      return `${event.toolName} on ${event.workerId}, attempt ${event.attempt}`;
    case "tool_result":
      return `${event.toolName}: ${outcomeWords(event.outcome)}`;
    case "probing":
      return `${event.toolName}: its worker was lost, and its probe is asked whether it happened`;
    case "probe_answered":
      return `${event.toolName}: ${event.verdict}${event.runsAgain ? ", and it runs again" : ""}${said(event.detail)}`;
    case "preview_asked":
      return `${event.toolName}: ${event.workerId} looks at what it would do (${event.purpose.toLowerCase()})`;
    case "preview_taken": {
      if (event.status === "FAILED") return `${event.toolName}: what it would do cannot be seen${said(event.detail)}`;
      if (event.purpose === "SHOWN") return `${event.toolName} would do: ${event.contentJson}`;
      return `${event.toolName} would ${event.drifted ? "now do something else" : "do what was shown"}: ${event.contentJson}`;
    }
    case "check_wanted":
      return `${event.toolName}: what it would do was looked at too long ago, and is again`;
    case "waiting":
      return `${event.approvalId}: ${event.toolName} ${event.argumentsJson}`;
    case "voted":
      return `${event.vote?.what ?? ""} by ${event.vote?.who ?? ""}${said(event.vote?.comment)}`;
    case "decided":
      return decidedWords(event.decision);
    case "checkpoint_closed":
      return `${event.approvalId}: ${event.why}`;
    case "escalated": {
      const to = [...(event.approvers?.users ?? []), ...(event.approvers?.groups ?? [])].join(", ");
      return `${event.approvalId}: nobody decided in time, and ${to} may now`;
    }
    case "reminded":
      return `${event.approvalId}: still waits (reminder ${event.number})`;
    case "child_started":
      return `${event.agentName}, as run ${event.childRunId}`;
    case "child_reported":
      return `run ${event.childRunId} ${event.waiting ? "waits for people" : "goes on"}`;
    case "paused":
      return `by ${event.by}${said(event.reason)}`;
    case "resumed":
      return `by ${event.by}`;
    case "warning":
      return `${event.reason}: ${event.message}`;
    case "late_outcome":
      return `${event.toolName}: ${outcomeWords(event.outcome)}`;
    case "error": {
      const again = event.retryAt === undefined ? "" : ` Next attempt at ${timeOfDay(event.retryAt)}.`;
      return `${event.reason}: ${event.message}${again}`;
    }
    case "ending":
      return `${event.state}${said(event.reason)}`;
    case "done":
      return resultWords(event.output.result);
    case "failed":
    case "timed_out":
      return event.error === undefined ? "" : `${event.error.reason}: ${event.error.message}`;
    case "cancelled":
      return `by ${event.by}${said(event.reason)}`;
    case "delta":
      return event.text;
    case "unknown":
      return "an event that this version does not know";
    default:
      return event satisfies never;
  }
}

/** A standing grant decides in its maker's name, who never saw the call: that is told apart from their own decision. */
function decidedWords(decision: Decision | undefined): string {
  if (decision === undefined) return "";
  const { outcome, decidedBy, onBehalfOf, ground, comment } = decision;
  const person = onBehalfOf === "" ? decidedBy : `${decidedBy} for ${onBehalfOf}`;
  if (ground === undefined) return `${outcome} by ${person}${said(comment)}`;
  return `${outcome} by standing grant ${ground.grantId}, use ${ground.use}, which ${person} made${said(comment)}`;
}

/** A run's result as text: what is no text already as JSON. */
export function resultWords(result: unknown): string {
  return typeof result === "string" ? result : (JSON.stringify(result) ?? "");
}

export function outcomeWords(outcome: CallOutcome): string {
  switch (outcome.kind) {
    case "result":
      return outcome.json;
    case "responded":
      return `a person answered in its place: ${outcome.json}`;
    case "error":
      return `failed: ${outcome.message}`;
    case "rejected":
      return `rejected${said(outcome.reason)}`;
    case "cancelled":
      return `cancelled${said(outcome.reason)}`;
    case "truncated":
      return `${outcome.sizeBytes} bytes, of which is kept: ${outcome.head}`;
    case "unknown":
      return "nobody knows what became of it";
    default:
      return outcome satisfies never;
  }
}

function said(words: string | undefined): string {
  return words ? `: ${words}` : "";
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}
