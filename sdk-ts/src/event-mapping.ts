import {
  ApprovalService,
  type Event,
  type LateOutcome,
  PreviewPurpose as PreviewPurposeEnum,
  type ToolResult,
} from "@agentspan/proto";
import {
  approvalOf,
  approversOf,
  dateOf,
  decisionOf,
  previewStatusOf,
  unknownOutcomeOf,
  verdictOf,
  voteOf,
} from "./approval.js";
import { readJson, readJsonObject } from "./json-text.js";
import type { RunClient } from "./rpc/run-client.js";
import type { CallOutcome, PreviewPurpose, RunEvent, WaitingEvent } from "./run-event.js";
import { runStateOf, usageOf } from "./run-status.js";

/** An event as it was stored: a waiting one does not yet watch for its decision. */
export type MappedEvent = Exclude<RunEvent, WaitingEvent> | Omit<WaitingEvent, "decided">;

/** Reads an event of the contract. */
export function runEventOf(message: Event): MappedEvent {
  const base = { runId: message.runId, sequence: Number(message.sequence), at: dateOf(message.at) };
  const { event } = message;
  switch (event.case) {
    case "runStarted": {
      const { agentName, agentVersion, input, startedBy, onBehalfOf, labels } = event.value;
      return { ...base, type: "run_started", agentName, agentVersion, input, startedBy, onBehalfOf, labels };
    }
    case "modelReplied": {
      const { turn, attempt, text, callIds, finishReason } = event.value;
      const usage = usageOf(event.value.usage);
      return { ...base, type: "model_replied", turn, attempt, text, callIds, usage, finishReason };
    }
    case "toolCall": {
      const { callId, toolName, argumentsJson, argumentsDigest, approvalRequired, refusedArguments } = event.value;
      const args = readJsonObject(argumentsJson);
      const refused = event.value.refused || undefined;
      const text = { argumentsJson, argumentsDigest, approvalRequired, refused, refusedArguments };
      return { ...base, type: "tool_call", callId, toolName, args, ...text };
    }
    case "toolStarted": {
      const { callId, toolName, attempt, workerId, checkedPreview } = event.value;
      return { ...base, type: "tool_started", callId, toolName, attempt, workerId, checkedPreview };
    }
    case "toolResult": {
      const { callId, toolName, attempt, outcome, byProbe, errorReason } = event.value;
      const ended = { outcome: outcomeOf(outcome), byProbe, errorReason };
      return { ...base, type: "tool_result", callId, toolName, attempt, ...ended };
    }
    case "waiting":
      return event.value.approval === undefined
        ? { ...base, type: "unknown" }
        : waitingOf(base, approvalOf(event.value.approval), event.value.childRunId);
    case "voted": {
      const { approvalId, callId, decisionId, vote, editedArgumentsJson } = event.value;
      const said = { vote: vote && voteOf(vote), editedArgumentsJson };
      return { ...base, type: "voted", approvalId, callId, decisionId, ...said };
    }
    case "decided": {
      const { callId, decision, childRunId } = event.value;
      return { ...base, type: "decided", callId, decision: decision && decisionOf(decision), childRunId };
    }
    case "checkpointClosed": {
      const { approvalId, callId, why, childRunId } = event.value;
      return { ...base, type: "checkpoint_closed", approvalId, callId, why, childRunId };
    }
    case "childStarted": {
      const { callId, childRunId, agentName, agentVersion } = event.value;
      return { ...base, type: "child_started", callId, childRunId, agentName, agentVersion };
    }
    case "childReported": {
      const { callId, childRunId, waiting } = event.value;
      return { ...base, type: "child_reported", callId, childRunId, waiting };
    }
    case "escalated": {
      const { approvalId, callId, approvers, expiresAt } = event.value;
      const terms = { approvers: approversOf(approvers), expiresAt: dateOf(expiresAt) };
      return { ...base, type: "escalated", approvalId, callId, ...terms };
    }
    case "reminded": {
      const { approvalId, callId, number } = event.value;
      return { ...base, type: "reminded", approvalId, callId, number };
    }
    case "paused":
      return { ...base, type: "paused", by: event.value.by, reason: event.value.reason };
    case "resumed":
      return { ...base, type: "resumed", by: event.value.by };
    case "warning":
      return { ...base, type: "warning", reason: event.value.reason, message: event.value.message };
    case "lateOutcome": {
      const { callId, toolName, attempt, outcome, settlesApprovalId } = event.value;
      return {
        ...base,
        type: "late_outcome",
        callId,
        toolName,
        attempt,
        outcome: outcomeOf(outcome),
        settlesApprovalId,
      };
    }
    case "error": {
      const { reason, message: text, callId, attempt, retryAt } = event.value;
      return { ...base, type: "error", reason, message: text, callId, attempt, retryAt: dateOf(retryAt) };
    }
    case "ending":
      return { ...base, type: "ending", state: runStateOf(event.value.state), reason: event.value.reason };
    case "done": {
      const { outputJson } = event.value;
      return { ...base, type: "done", output: readJsonObject(outputJson), outputJson };
    }
    case "failed":
    case "timedOut": {
      const error = event.value.error && { reason: event.value.error.reason, message: event.value.error.message };
      return { ...base, type: event.case === "failed" ? "failed" : "timed_out", error };
    }
    case "cancelled":
      return { ...base, type: "cancelled", reason: event.value.reason, by: event.value.by };
    case "probing": {
      const { callId, toolName, unknownOutcome, until } = event.value;
      const known = unknownOutcome && unknownOutcomeOf(unknownOutcome);
      return { ...base, type: "probing", callId, toolName, unknownOutcome: known, until: dateOf(until) };
    }
    case "probeAnswered": {
      const { callId, toolName, attempt, detail, workerId, runsAgain } = event.value;
      const verdict = verdictOf(event.value.verdict);
      return { ...base, type: "probe_answered", callId, toolName, attempt, verdict, detail, workerId, runsAgain };
    }
    case "previewAsked": {
      const { approvalId, callId, toolName, number, workerId, until } = event.value;
      const purpose = purposeOf(event.value.purpose);
      const asked = { number, workerId, until: dateOf(until) };
      return { ...base, type: "preview_asked", approvalId, callId, toolName, purpose, ...asked };
    }
    case "previewTaken": {
      const { approvalId, callId, toolName, number, workerId, contentJson, fingerprint, detail, drifted } = event.value;
      const purpose = purposeOf(event.value.purpose);
      const status = previewStatusOf(event.value.status);
      const seen = { status, contentJson, fingerprint, detail, drifted };
      return { ...base, type: "preview_taken", approvalId, callId, toolName, purpose, number, workerId, ...seen };
    }
    case "checkWanted": {
      const { approvalId, callId, toolName } = event.value;
      return { ...base, type: "check_wanted", approvalId, callId, toolName };
    }
    case "delta":
      return { ...base, type: "delta", turn: event.value.turn, attempt: event.value.attempt, text: event.value.text };
    case undefined:
      return { ...base, type: "unknown" };
    default:
      return event satisfies never;
  }
}

function purposeOf(purpose: PreviewPurposeEnum): PreviewPurpose {
  return (PreviewPurposeEnum[purpose] as PreviewPurpose | undefined) ?? "UNSPECIFIED";
}

function waitingOf(
  base: Pick<WaitingEvent, "runId" | "sequence" | "at">,
  approval: WaitingEvent["approval"],
  childRunId: string,
): Omit<WaitingEvent, "decided"> {
  const { approvalId, kind, callId, toolName, arguments: args, argumentsJson, argumentsDigest } = approval;
  const call = { callId, toolName, args, argumentsJson, argumentsDigest };
  const { runId, sequence, at } = base;
  return { runId, sequence, at, type: "waiting", approvalId, kind, ...call, approval, childRunId };
}

/** A waiting event with its arguments, which stand in the run whose checkpoint it is. */
export async function withArguments(
  event: Omit<WaitingEvent, "decided">,
  client: RunClient,
  signal?: AbortSignal,
): Promise<Omit<WaitingEvent, "decided">> {
  const { approval, childRunId } = event;
  if (approval.argumentsJson !== "" || approval.argumentsDigest === "") return event;
  const { runId, approvalId } = approval;
  const { approval: whole } = await client.call(ApprovalService.method.getApproval, { runId, approvalId }, signal);
  return whole === undefined ? event : waitingOf(event, approvalOf(whole), childRunId);
}

function outcomeOf(outcome: ToolResult["outcome"] | LateOutcome["outcome"]): CallOutcome {
  switch (outcome.case) {
    case "resultJson":
      return { kind: "result", value: readJson(outcome.value), json: outcome.value };
    case "respondedJson":
      return { kind: "responded", value: readJson(outcome.value), json: outcome.value };
    case "error":
      return { kind: "error", message: outcome.value };
    case "rejected":
      return { kind: "rejected", reason: outcome.value };
    case "cancelled":
      return { kind: "cancelled", reason: outcome.value };
    case "truncated": {
      const { digest, sizeBytes, head } = outcome.value;
      return { kind: "truncated", digest, sizeBytes: Number(sizeBytes), head };
    }
    case undefined:
      return { kind: "unknown" };
    default:
      return outcome satisfies never;
  }
}
