// Stored events as the public Event message. What is the core's own bookkeeping (nonces, incarnations) stays inside.

import { type ApprovalSchema, type Event, EventSchema } from "@agentspan/proto";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { CallOutcome, ChildClosed, ChildWaiting, End, RunEvent, TaskReleased, Waiting } from "../core/index.js";
import {
  decisionOf,
  type EarlierEvents,
  encodeApprovers,
  encodeUnknown,
  kindOf,
  outcomeOf,
  runStateOf,
  verdictOf,
} from "./approval.js";
import { encodeFinding, encodePreview, purposeOf } from "./preview.js";
import { encodeSignature } from "./signature.js";

type Body = NonNullable<MessageInitShape<typeof EventSchema>["event"]>;

/** One stored event. `earlier` gives what a waiting event shows: as it was at its moment, and not after a later edit. */
export function encodeEvent(runId: string, agentName: string, event: RunEvent, earlier: EarlierEvents): Event {
  return create(EventSchema, {
    runId,
    sequence: BigInt(event.sequence),
    at: timestampFromMs(event.at),
    event: body(runId, agentName, event, earlier),
  });
}

function body(runId: string, agentName: string, event: RunEvent, earlier: EarlierEvents): Body {
  const { fact, at } = event;
  const signed = encodeSignature(runId, event);
  const signature = signed && { signature: signed };
  switch (fact.type) {
    case "run_started": {
      const { agentVersion, input, startedBy, onBehalfOf = "", labels } = fact;
      const by = { startedBy, onBehalfOf, ...signature };
      const value = { agentName: fact.agentName, agentVersion, input, ...by, labels: { ...labels } };
      return { case: "runStarted", value };
    }
    case "model_replied": {
      const { turn, attempt, text, callIds, usage, finishReason } = fact;
      const tokens = { inputTokens: BigInt(usage.inputTokens), outputTokens: BigInt(usage.outputTokens) };
      return {
        case: "modelReplied",
        value: { turn, attempt, text, callIds: [...callIds], usage: tokens, finishReason },
      };
    }
    case "model_failed":
      return error(fact.reason, fact.message, "", fact.attempt, fact.retryAt);
    case "tool_call":
      return {
        case: "toolCall",
        value: {
          callId: fact.callId,
          toolName: fact.tool,
          argumentsJson: fact.arguments,
          argumentsDigest: fact.digest,
          approvalRequired: fact.gate === "approval",
          refused: fact.refused?.problem ?? "",
          refusedArguments: fact.refused?.wrote ?? "",
        },
      };
    case "tool_started": {
      const { callId, tool: toolName, attempt, workerId, checked: checkedPreview = "" } = fact;
      const grant = signed && { grant: signed };
      return { case: "toolStarted", value: { callId, toolName, attempt, workerId, checkedPreview, ...grant } };
    }
    case "attempt_failed":
      return error(fact.reason, fact.message, fact.callId, fact.attempt, fact.retryAt);
    case "task_released":
      return error("TOOL_RELEASED", releaseText(fact), fact.callId, fact.attempt, fact.retryAt);
    case "grant_ended": {
      const how = fact.how === "DISOWNED" ? "TOOL_DISOWNED" : "TOOL_LOST";
      return error(how, "The earlier attempt can no longer be running.", fact.callId, fact.attempt);
    }
    case "probing": {
      const { callId, tool: toolName, unknown, until } = fact;
      const unknownOutcome = encodeUnknown(runId, callId, unknown);
      return { case: "probing", value: { callId, toolName, unknownOutcome, until: timestampFromMs(until) } };
    }
    case "probe_answered": {
      const { callId, tool: toolName, attempt, workerId, detail, runsAgain = false } = fact;
      const verdict = verdictOf(fact.verdict);
      return { case: "probeAnswered", value: { callId, toolName, attempt, verdict, detail, workerId, runsAgain } };
    }
    case "preview_asked": {
      const { approvalId, callId, tool: toolName, number, workerId, until } = fact;
      const purpose = purposeOf(fact.purpose);
      const value = { approvalId, callId, toolName, purpose, number, workerId, until: timestampFromMs(until) };
      return { case: "previewAsked", value };
    }
    case "preview_taken": {
      const { approvalId, callId, tool: toolName, number, workerId = "", finding, verdict } = fact;
      const purpose = purposeOf(fact.purpose);
      const drifted = verdict === "drifted";
      const value = { approvalId, callId, toolName, purpose, number, workerId, drifted, ...encodeFinding(finding) };
      return { case: "previewTaken", value };
    }
    case "check_wanted": {
      const { approvalId, callId, tool: toolName } = fact;
      return { case: "checkWanted", value: { approvalId, callId, toolName } };
    }
    case "tool_result": {
      const { callId, tool: toolName, attempt } = fact;
      const byProbe = fact.by === "probe";
      const outcome = callOutcome(fact.outcome);
      const errorReason = fact.outcome.kind === "error" ? (fact.outcome.reason ?? "") : "";
      return { case: "toolResult", value: { callId, toolName, attempt, outcome, byProbe, errorReason, ...signature } };
    }
    case "waiting": {
      const shown = earlier.arguments(fact.callId, event.sequence);
      const approval = {
        approvalId: fact.approvalId,
        kind: kindOf(fact.kind),
        runId,
        callId: fact.callId,
        agentName,
        toolName: fact.tool,
        argumentsJson: shown,
        argumentsDigest: fact.digest,
        requestedAt: timestampFromMs(at),
        updatedAt: timestampFromMs(at),
        votesRequired: fact.votesRequired,
        reason: fact.reason,
        ...previewAtOpening(fact, earlier),
        ...(fact.approvers === undefined ? {} : { approvers: encodeApprovers(fact.approvers) }),
        ...(fact.expiresAt === undefined ? {} : { expiresAt: timestampFromMs(fact.expiresAt) }),
        ...(fact.unknown === undefined ? {} : { unknownOutcome: encodeUnknown(runId, fact.callId, fact.unknown) }),
      };
      return { case: "waiting", value: { approval } };
    }
    case "voted": {
      const { approvalId, callId, decisionId, who, onBehalfOf = "", outcome, comment } = fact;
      const edited = fact.edited !== undefined;
      const said = { what: outcomeOf(outcome), comment, edited, previewFingerprint: fact.preview ?? "" };
      const vote = { who, onBehalfOf, at: timestampFromMs(at), ...said };
      const editedArgumentsJson = fact.edited?.arguments ?? "";
      return { case: "voted", value: { approvalId, callId, decisionId, vote, editedArgumentsJson, ...signature } };
    }
    case "decided":
      return { case: "decided", value: { callId: fact.callId, decision: decisionOf(fact, at), ...signature } };
    case "checkpoint_closed": {
      const { approvalId, callId, why } = fact;
      return { case: "checkpointClosed", value: { approvalId, callId, why } };
    }
    case "escalated": {
      const { approvalId, callId, approvers, expiresAt } = fact;
      const terms = { approvers: encodeApprovers(approvers), expiresAt: timestampFromMs(expiresAt) };
      return { case: "escalated", value: { approvalId, callId, ...terms } };
    }
    case "reminded": {
      const { approvalId, callId, number } = fact;
      return { case: "reminded", value: { approvalId, callId, number } };
    }
    case "paused":
      return { case: "paused", value: { by: fact.who, reason: fact.reason } };
    case "resumed":
      return { case: "resumed", value: { by: fact.who } };
    case "warning":
      return { case: "warning", value: { reason: fact.reason, message: fact.message } };
    case "late_outcome": {
      const { callId, tool: toolName, attempt, outcome, settles = "" } = fact;
      const value = { callId, toolName, attempt, settlesApprovalId: settles };
      if (outcome.kind === "result") {
        return { case: "lateOutcome", value: { ...value, outcome: { case: "resultJson", value: outcome.text } } };
      }
      if (outcome.kind === "error") {
        return { case: "lateOutcome", value: { ...value, outcome: { case: "error", value: outcome.message } } };
      }
      return { case: "lateOutcome", value: { ...value, outcome: { case: "truncated", value: truncated(outcome) } } };
    }
    case "child_started": {
      const { callId, childRunId, agentName, agentVersion } = fact;
      return { case: "childStarted", value: { callId, childRunId, agentName, agentVersion } };
    }
    case "child_waiting": {
      const { callId, childRunId, checkpoint } = fact;
      return { case: "waiting", value: { callId, childRunId, approval: mirroredApproval(checkpoint) } };
    }
    case "child_closed":
      return mirroredClosing(fact);
    case "child_reported": {
      const { callId, childRunId, waits: waiting } = fact;
      return { case: "childReported", value: { callId, childRunId, waiting } };
    }
    case "ending":
      return { case: "ending", value: { state: runStateOf(fact.end.state), reason: reasonOf(fact.end) } };
    case "ended":
      return ended(fact.end);
    default:
      return fact satisfies never;
  }
}

function previewAtOpening({ previews, drift }: Waiting, { at }: EarlierEvents) {
  if (previews === undefined) return {};
  const events = drift === undefined ? {} : { preview: at(drift.checked), previewBefore: at(drift.approved) };
  return { preview: encodePreview(previews, events) };
}

/** A checkpoint of another run, as far as it is known here. */
function mirroredApproval(checkpoint: ChildWaiting["checkpoint"]): MessageInitShape<typeof ApprovalSchema> {
  const { runId, agentName, approvalId, callId, kind, tool, digest, requestedAt, votesRequired, expiresAt } =
    checkpoint;
  const at = timestampFromMs(requestedAt);
  return {
    ...{
      runId,
      agentName,
      approvalId,
      callId,
      kind: kindOf(kind),
      toolName: tool,
      argumentsDigest: digest,
      votesRequired,
    },
    ...{ requestedAt: at, updatedAt: at },
    ...(expiresAt === undefined ? {} : { expiresAt: timestampFromMs(expiresAt) }),
  };
}

function mirroredClosing({ callId, childRunId, approvalId, closing }: ChildClosed): Body {
  if (closing.how !== "decided") {
    return { case: "checkpointClosed", value: { approvalId, callId, childRunId, why: closing.how.toUpperCase() } };
  }
  const { outcome, who: decidedBy, onBehalfOf = "", decisionId, at } = closing;
  const decidedAt = timestampFromMs(at);
  const decision = { approvalId, decisionId, outcome: outcomeOf(outcome), decidedBy, decidedAt, onBehalfOf };
  return { case: "decided", value: { callId, childRunId, decision } };
}

function error(reason: string, message: string, callId: string, attempt: number, retryAt?: number): Body {
  const value = { reason, message, callId, attempt };
  return {
    case: "error",
    value: retryAt === undefined ? value : { ...value, retryAt: timestampFromMs(retryAt) },
  };
}

function releaseText({ reason, detail }: TaskReleased): string {
  const texts = {
    SHUTTING_DOWN: "The worker is shutting down.",
    INCOMPATIBLE: "The worker's schema refuses these arguments.",
    TOO_LATE: "The grant reached the worker too late to begin.",
    NO_PROOF: "The worker's tool is gated and the grant had no proof of approval.",
  };
  return detail === "" ? texts[reason] : `${texts[reason]} ${detail}`;
}

type ToolResultOutcome = Extract<Body, { case: "toolResult" }>["value"] extends infer V
  ? V extends { outcome?: infer O }
    ? NonNullable<O>
    : never
  : never;

function callOutcome(outcome: CallOutcome): ToolResultOutcome {
  switch (outcome.kind) {
    case "result":
      return { case: "resultJson", value: outcome.text };
    case "error":
      return { case: "error", value: outcome.message };
    case "rejected":
      return { case: "rejected", value: outcome.reason };
    case "responded":
      return { case: "respondedJson", value: outcome.text };
    case "cancelled":
      return { case: "cancelled", value: outcome.reason };
    case "truncated":
      return { case: "truncated", value: truncated(outcome) };
    default:
      return outcome satisfies never;
  }
}

function truncated({ digest, bytes, head }: Extract<CallOutcome, { kind: "truncated" }>) {
  return { digest, sizeBytes: BigInt(bytes), head };
}

function reasonOf(end: End): string {
  return end.state === "COMPLETED" ? "" : end.reason;
}

function ended(end: End): Body {
  switch (end.state) {
    case "COMPLETED":
      return { case: "done", value: { outputJson: end.output } };
    case "FAILED":
      return { case: "failed", value: { error: { reason: end.reason, message: end.message } } };
    case "CANCELLED":
      return { case: "cancelled", value: { reason: end.reason, by: end.who } };
    case "TIMED_OUT":
      return { case: "timedOut", value: { error: { reason: end.reason, message: end.message } } };
    default:
      return end satisfies never;
  }
}
