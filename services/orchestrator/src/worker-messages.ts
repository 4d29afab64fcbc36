// What workers' messages say, in the core's words, and the core's words as answers to them.
import { AgentspanError } from "@agentspan/internal";
import {
  type CompleteRequest,
  type PreviewAnswer,
  type PreviewPolicy,
  ProbeVerdict as PublicProbeVerdict,
  ReleaseReason as PublicReleaseReason,
  RefusalReason,
  type RegisterRequest,
  type ReleaseRequest,
  type WorkerTool,
} from "@agentspan/proto";
import { durationMs } from "@bufbuild/protobuf/wkt";
import {
  type AnswerPreview,
  type AnswerProbe,
  type ClaimRefusal,
  type Complete,
  type CompletedOutcome,
  headOf,
  PREVIEW_MS,
  type PreviewSaid,
  type PreviewTerms,
  type ProbeVerdict,
  type Release,
  type ReleaseReason,
} from "./core/index.js";
import type { ServedTool, ToolRegistration, WorkerAbout } from "./ports.js";

/** What is kept of a worker's own words. UTF-16 units. */
const WORDS_UNITS = 4096;
/** Of the names of its language and its version. */
const ABOUT_UNITS = 64;

export const REFUSALS: Readonly<Record<ClaimRefusal, RefusalReason>> = {
  TAKEN: RefusalReason.TAKEN,
  ENDED: RefusalReason.ENDED,
  CANCELLED: RefusalReason.CANCELLED,
  PAUSED: RefusalReason.PAUSED,
  GATED: RefusalReason.GATED,
  NOT_FOUND: RefusalReason.NOT_FOUND,
  PROBE: RefusalReason.PROBE,
  PREVIEW: RefusalReason.PREVIEW,
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

/** `now` in milliseconds since the epoch. */
export function aboutOf({ language, sdkVersion }: RegisterRequest, now: number): WorkerAbout {
  const cut = (said: string): string => headOf(readable(said), ABOUT_UNITS);
  return { language: cut(language), sdkVersion: cut(sdkVersion), registeredAt: Math.floor(now) };
}

/** Throws INVALID_REQUEST where the release does not say why. */
export function releaseOf(workerId: string, request: ReleaseRequest): Release {
  const { callId, attempt, nonce, incarnation, reason: said, detail: words } = request;
  const reason = RELEASE_REASONS[said];
  if (reason === undefined) throw new AgentspanError("INVALID_REQUEST", "A release says its reason.");
  const detail = headOf(readable(words), WORDS_UNITS);
  return { type: "release", callId, attempt, nonce, workerId, incarnation, reason, detail };
}

/**
 * The outcome of a tool, or the answer of its probe or its preview. Throws INVALID_REQUEST where the message carries none
 * of them.
 */
export function completionOf(workerId: string, request: CompleteRequest): Complete | AnswerProbe | AnswerPreview {
  const { callId, attempt, nonce, incarnation, argumentsDigest: digest, outcome } = request;
  if (outcome.case === "previewAnswer") {
    const said = previewSaid(outcome.value);
    return { type: "answer_preview", callId, number: outcome.value.number, digest, workerId, said };
  }
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

/** What is no JSON is judged with the rest of what a preview may not be: people are told why there is none. */
function previewSaid({ outcome }: PreviewAnswer): PreviewSaid {
  switch (outcome.case) {
    case "contentJson":
      return { kind: "found", text: readable(outcome.value) };
    case "failure":
      return { kind: "failed", detail: headOf(readable(outcome.value), WORDS_UNITS) };
    default:
      throw new AgentspanError("INVALID_REQUEST", "A preview answers with its content or a failure.");
  }
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
    ...(tool.preview === undefined ? {} : { preview: previewTermsOf(tool.preview) }),
    inputSchema: tool.inputSchemaJson,
  };
}

/** What a definition or a registration says of a tool's preview. */
export function previewTermsOf({ fields, timeout }: PreviewPolicy): PreviewTerms {
  return { fields: [...fields], timeoutMs: timeout === undefined ? PREVIEW_MS : durationMs(timeout) };
}

/** A tool as one incarnation of a worker serves it. */
export function servedTool({
  queue,
  name: tool,
  approvalRequired,
  once,
  probe,
  enforcesIdempotency,
  preview,
}: WorkerTool): ServedTool {
  return {
    queue,
    tool,
    ...(approvalRequired ? { approval: true } : {}),
    ...(once ? { once } : {}),
    ...(probe ? { probe } : {}),
    ...(enforcesIdempotency ? { enforcesKey: true } : {}),
    ...(preview === undefined ? {} : { preview: previewTermsOf(preview) }),
  };
}
