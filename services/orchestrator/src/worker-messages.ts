// What workers' messages say, in the core's words, and the core's words as answers to them.
import { AgentspanError } from "@agentspan/internal";
import {
  type CompleteRequest,
  ProbeVerdict as PublicProbeVerdict,
  ReleaseReason as PublicReleaseReason,
  RefusalReason,
  type ReleaseRequest,
  type WorkerTool,
} from "@agentspan/proto";
import {
  type AnswerProbe,
  type ClaimRefusal,
  type Complete,
  type CompletedOutcome,
  headOf,
  type ProbeVerdict,
  type Release,
  type ReleaseReason,
} from "./core/index.js";
import type { ServedTool, ToolRegistration } from "./ports.js";

/** What is kept of a worker's own words. UTF-16 units. */
const WORDS_UNITS = 4096;

export const REFUSALS: Readonly<Record<ClaimRefusal, RefusalReason>> = {
  TAKEN: RefusalReason.TAKEN,
  ENDED: RefusalReason.ENDED,
  CANCELLED: RefusalReason.CANCELLED,
  PAUSED: RefusalReason.PAUSED,
  GATED: RefusalReason.GATED,
  NOT_FOUND: RefusalReason.NOT_FOUND,
  PROBE: RefusalReason.PROBE,
};

const RELEASE_REASONS: Readonly<Record<number, ReleaseReason>> = {
  [PublicReleaseReason.SHUTTING_DOWN]: "SHUTTING_DOWN",
  [PublicReleaseReason.INCOMPATIBLE]: "INCOMPATIBLE",
  [PublicReleaseReason.TOO_LATE]: "TOO_LATE",
  [PublicReleaseReason.NO_PROOF]: "NO_PROOF",
};

const PROBE_VERDICTS: Readonly<Record<number, ProbeVerdict>> = {
  [PublicProbeVerdict.HAPPENED]: "HAPPENED",
  [PublicProbeVerdict.DID_NOT_HAPPEN]: "DID_NOT_HAPPEN",
  [PublicProbeVerdict.UNKNOWN]: "UNKNOWN",
};

/** Throws INVALID_REQUEST where the release does not say why. */
export function releaseOf(workerId: string, request: ReleaseRequest): Release {
  const { callId, attempt, nonce, incarnation, reason: said, detail: words } = request;
  const reason = RELEASE_REASONS[said];
  if (reason === undefined) throw new AgentspanError("INVALID_REQUEST", "A release says its reason.");
  const detail = headOf(readable(words), WORDS_UNITS);
  return { type: "release", callId, attempt, nonce, workerId, incarnation, reason, detail };
}

/** The outcome of a tool, or the answer of its probe. Throws INVALID_REQUEST where the message carries neither. */
export function completionOf(workerId: string, request: CompleteRequest): Complete | AnswerProbe {
  const { callId, attempt, nonce, incarnation, argumentsDigest: digest, outcome } = request;
  if (outcome.case !== "probeAnswer") {
    return { type: "complete", callId, attempt, nonce, workerId, incarnation, digest, outcome: outcomeOf(request) };
  }
  const { verdict: said, resultJson, detail: words } = outcome.value;
  const verdict = PROBE_VERDICTS[said];
  if (verdict === undefined) {
    throw new AgentspanError("INVALID_REQUEST", "A probe answers HAPPENED, DID_NOT_HAPPEN or UNKNOWN.");
  }
  const result = resultJson === "" ? "null" : jsonText(resultJson);
  const detail = headOf(readable(words), WORDS_UNITS);
  return { type: "answer_probe", callId, attempt, workerId, digest, verdict, result, detail };
}

function outcomeOf({ outcome }: CompleteRequest): CompletedOutcome {
  switch (outcome.case) {
    case "resultJson":
      return { kind: "result", text: jsonText(outcome.value) };
    case "failure": {
      const { message, retryable } = outcome.value;
      return { kind: "error", message: headOf(readable(message), WORDS_UNITS), retryable };
    }
    default:
      throw new AgentspanError("INVALID_REQUEST", "A completion carries a result, a failure or a probe's answer.");
  }
}

/** What is no JSON is kept as a text: the tool has run, and what it said is not thrown away for its form. */
function jsonText(said: string): string {
  const text = readable(said);
  try {
    JSON.parse(text);
    return text;
  } catch {
    return JSON.stringify(text);
  }
}

/**
 * A message that came as JSON can hold half a character. It is no UTF-8, so whoever is sent it, a provider of models
 * among them, would refuse it or read something else than is stored.
 */
function readable(text: string): string {
  return text.replace(/\p{Surrogate}/gu, "\uFFFD");
}

/** A tool as it is kept for everybody. */
export function registrationOf(namespace: string, tool: WorkerTool): ToolRegistration {
  return {
    namespace,
    queue: tool.queue,
    tool: tool.name,
    approval: tool.approvalRequired,
    once: tool.once,
    probe: tool.probe,
    enforcesKey: tool.enforcesIdempotency,
    inputSchema: tool.inputSchemaJson,
  };
}

/** A tool as one incarnation of a worker serves it. */
export function servedTool({
  queue,
  name: tool,
  approvalRequired,
  once,
  probe,
  enforcesIdempotency,
}: WorkerTool): ServedTool {
  return {
    queue,
    tool,
    ...(approvalRequired ? { approval: true } : {}),
    ...(once ? { once } : {}),
    ...(probe ? { probe } : {}),
    ...(enforcesIdempotency ? { enforcesKey: true } : {}),
  };
}
