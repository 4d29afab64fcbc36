// What an event of a run says, for people.
import { type Approvers, type Event, PreviewStatus, ProbeVerdict, type ToolResult } from "@agentspan/proto";
import { outcomeWords, personOf } from "../approval/decision.js";

export interface EventWords {
  /** What happened. */
  readonly what: string;
  /** What was said with it, as text. */
  readonly text?: string;
  /** What it was about, as JSON text. */
  readonly json?: string;
  /** Something went wrong, or nobody knows. */
  readonly isTrouble?: boolean;
}

const VERDICTS: Readonly<Record<ProbeVerdict, string>> = {
  [ProbeVerdict.UNSPECIFIED]: "says nothing",
  [ProbeVerdict.HAPPENED]: "says that it happened",
  [ProbeVerdict.DID_NOT_HAPPEN]: "says that it did not happen",
  [ProbeVerdict.UNKNOWN]: "cannot tell",
  [ProbeVerdict.NO_ANSWER]: "gave no answer",
};

export function eventWords({ event }: Event): EventWords {
  switch (event.case) {
    case "runStarted": {
      const { agentName, startedBy, onBehalfOf, input } = event.value;
      return { what: `${personOf({ by: startedBy, onBehalfOf })} asked ${agentName}`, text: input };
    }
    case "modelReplied": {
      const { text, callIds, turn } = event.value;
      const calls = callIds.length === 1 ? "one call" : `${callIds.length} calls`;
      return {
        what:
          callIds.length === 0 ? `The model answered (turn ${turn})` : `The model asked for ${calls} (turn ${turn})`,
        text,
      };
    }
    case "toolCall": {
      const { toolName, argumentsJson, approvalRequired, refused, refusedArguments } = event.value;
      if (refused !== "")
        return { what: `${toolName} was refused: ${refused}`, text: refusedArguments, isTrouble: true };
      return {
        what: approvalRequired ? `${toolName} is called, which needs a person` : `${toolName} is called`,
        json: argumentsJson,
      };
    }
    case "toolStarted":
      return { what: `${event.value.toolName} began on ${event.value.workerId}, attempt ${event.value.attempt}` };
    case "toolResult":
      return resultWords(event.value);
    case "waiting":
      return { what: `Waits for a person: ${event.value.approval?.toolName ?? "a run that it started"}` };
    case "voted": {
      const { vote, editedArgumentsJson } = event.value;
      if (vote === undefined) return { what: "Somebody voted" };
      return {
        what: `${personOf({ by: vote.who, onBehalfOf: vote.onBehalfOf })} ${outcomeWords(vote.what)}`,
        text: vote.comment,
        json: editedArgumentsJson,
      };
    }
    case "decided": {
      const { decision } = event.value;
      if (decision === undefined) return { what: "Decided" };
      const person = personOf({ by: decision.decidedBy, onBehalfOf: decision.onBehalfOf });
      const by = decision.ground === undefined ? person : `a standing grant of ${person}`;
      return {
        what: `Decided by ${by}: ${outcomeWords(decision.outcome)}`,
        text: decision.comment,
        json: decision.editedArgumentsJson,
      };
    }
    case "checkpointClosed":
      return { what: `Closed without a decision: ${event.value.why.toLowerCase()}` };
    case "escalated":
      return { what: `Nobody decided in time, and ${namesOf(event.value.approvers)} may now` };
    case "reminded":
      return { what: `Still waits (reminder ${event.value.number})` };
    case "previewAsked":
      return { what: `${event.value.workerId} looks at what ${event.value.toolName} would do` };
    case "previewTaken": {
      const { toolName, status, detail, contentJson, drifted } = event.value;
      if (status === PreviewStatus.FAILED)
        return { what: `What ${toolName} would do cannot be seen`, text: detail, isTrouble: true };
      return {
        what: drifted ? `${toolName} would do something else now` : `What ${toolName} would do`,
        json: contentJson,
      };
    }
    case "checkWanted":
      return { what: `What ${event.value.toolName} would do is looked at again` };
    case "probing":
      return { what: `Nobody knows whether ${event.value.toolName} happened: its probe is asked`, isTrouble: true };
    case "probeAnswered":
      return {
        what: `The probe of ${event.value.toolName} ${VERDICTS[event.value.verdict]}`,
        text: event.value.detail,
      };
    case "childStarted":
      return { what: `Started a run of ${event.value.agentName}: ${event.value.childRunId}` };
    case "childReported":
      return { what: `The run ${event.value.childRunId} ${event.value.waiting ? "waits for people" : "goes on"}` };
    case "paused":
      return { what: `Paused by ${event.value.by}`, text: event.value.reason };
    case "resumed":
      return { what: `Resumed by ${event.value.by}` };
    case "warning":
      return { what: `Warning: ${event.value.reason}`, text: event.value.message, isTrouble: true };
    case "lateOutcome":
      return { what: `A worker reported late what became of ${event.value.toolName}`, isTrouble: true };
    case "error":
      return { what: `Went wrong: ${event.value.reason}`, text: event.value.message, isTrouble: true };
    case "ending":
      return { what: "Comes to its end", text: event.value.reason };
    case "done":
      return { what: "Done", json: event.value.outputJson };
    case "failed":
    case "timedOut":
      return {
        what: `${event.case === "failed" ? "Failed" : "Out of time"}: ${event.value.error?.reason ?? ""}`,
        text: event.value.error?.message ?? "",
        isTrouble: true,
      };
    case "cancelled":
      return { what: `Cancelled by ${event.value.by}`, text: event.value.reason };
    case "delta":
    case undefined:
      return { what: "Something that this desk does not know" };
    default:
      return event satisfies never;
  }
}

function resultWords({ toolName, outcome, byProbe }: ToolResult): EventWords {
  const how = byProbe ? ", as its probe found out" : "";
  switch (outcome.case) {
    case "resultJson":
      return { what: `${toolName} gave its result${how}`, json: outcome.value };
    case "respondedJson":
      return { what: `A person answered in place of ${toolName}`, json: outcome.value };
    case "error":
      return { what: `${toolName} failed${how}`, text: outcome.value, isTrouble: true };
    case "rejected":
      return { what: `${toolName} did not run: rejected`, text: outcome.value };
    case "cancelled":
      return { what: `${toolName} did not run: the run ended`, text: outcome.value };
    case "truncated":
      return {
        what: `${toolName} gave ${outcome.value.sizeBytes} bytes, of which the beginning is kept`,
        text: outcome.value.head,
      };
    case undefined:
      return { what: `Nobody knows what became of ${toolName}`, isTrouble: true };
    default:
      return outcome satisfies never;
  }
}

function namesOf(approvers: Approvers | undefined): string {
  return (
    [...(approvers?.users ?? []), ...(approvers?.groups ?? []).map((group) => `the group ${group}`)].join(", ") ||
    "anybody"
  );
}
