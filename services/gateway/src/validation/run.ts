// RunService's requests.
import { AgentspanError, canonicalArguments, isDecisionLinkId } from "@agentspan/internal";
import {
  type ApproveRequest,
  type CancelRequest,
  type GetHistoryRequest,
  type ListRunsRequest,
  type PauseRequest,
  type RejectRequest,
  type RespondRequest,
  type ResumeRequest,
  RunState,
  SettleOutcome,
  type SettleRequest,
  type StartRequest,
} from "@agentspan/proto";
import { checkDefinition, checkVersion } from "./agent.js";
import {
  checkCallersId,
  checkDuration,
  checkEnum,
  checkId,
  checkJson,
  checkLabels,
  checkName,
  checkOnBehalfOf,
  checkOptionalId,
  checkOptionalName,
  checkPageSize,
  checkPageToken,
  checkSize,
} from "./checks.js";
import { Faults } from "./faults.js";

const DIGEST_PATTERN = /^sha256:[0-9a-f]{64}$/;

export function checkStart(request: StartRequest): void {
  const faults = new Faults();
  if (request.source.case === "agent") checkDefinition(faults, "agent", request.source.value);
  else if (request.source.case === "agentName") checkName(faults, "agentName", request.source.value);
  else faults.add("agent", "is required, or agentName");
  if (request.agentVersion !== "" && request.source.case === "agent") {
    faults.add("agentVersion", "goes with agentName only: a definition says itself what it is");
  }
  checkVersion(faults, "agentVersion", request.agentVersion);
  checkSize(faults, "input", request.input, "inputBytes");
  checkSize(faults, "idempotencyKey", request.idempotencyKey, "idempotencyKeyBytes");
  checkLabels(faults, "labels", request.labels);
  checkDuration(faults, "deadline", request.deadline);
  checkOnBehalfOf(faults, "onBehalfOf", request.onBehalfOf);
  faults.throwIfAny();
}

/** GetStatus, StreamEvents and Resume: a run id is all they must have. */
export function checkRunId(request: { readonly runId: string }): void {
  const faults = new Faults();
  checkId(faults, "runId", request.runId);
  faults.throwIfAny();
}

export function checkApprove(request: ApproveRequest): void {
  const faults = new Faults();
  checkDecision(faults, request);
  checkDigest(faults, request.argumentsDigest);
  if (request.previewFingerprint !== undefined) checkDigest(faults, request.previewFingerprint, "previewFingerprint");
  checkSize(faults, "comment", request.comment, "reasonBytes");
  checkSize(faults, "editedArgumentsJson", request.editedArgumentsJson, "argumentsBytes");
  faults.throwIfAny();
  if (request.editedArgumentsJson !== "") checkEditedArguments(request.editedArgumentsJson);
}

export function checkReject(request: RejectRequest): void {
  const faults = new Faults();
  checkDecision(faults, request);
  checkDigest(faults, request.argumentsDigest);
  checkSize(faults, "reason", request.reason, "reasonBytes");
  faults.throwIfAny();
}

export function checkRespond(request: RespondRequest): void {
  const faults = new Faults();
  checkDecision(faults, request);
  checkSize(faults, "comment", request.comment, "reasonBytes");
  if (request.contentJson === "") faults.add("contentJson", "is required");
  else checkJson(faults, "contentJson", request.contentJson, "resultBytes");
  faults.throwIfAny();
}

export function checkSettle(request: SettleRequest): void {
  const faults = new Faults();
  checkDecision(faults, request);
  checkEnum(faults, "outcome", request.outcome, SettleOutcome);
  checkSize(faults, "comment", request.comment, "reasonBytes");
  if (request.resultJson !== "") {
    if (request.outcome !== SettleOutcome.HAPPENED) faults.add("resultJson", "goes with the outcome HAPPENED only");
    checkJson(faults, "resultJson", request.resultJson, "resultBytes");
  }
  faults.throwIfAny();
}

export function checkCancel(request: CancelRequest): void {
  const faults = new Faults();
  checkId(faults, "runId", request.runId);
  checkSize(faults, "reason", request.reason, "reasonBytes");
  faults.throwIfAny();
}

export function checkPause(request: PauseRequest): void {
  const faults = new Faults();
  checkId(faults, "runId", request.runId);
  checkSize(faults, "reason", request.reason, "reasonBytes");
  checkCallersId(faults, "requestId", request.requestId);
  faults.throwIfAny();
}

export function checkResume(request: ResumeRequest): void {
  const faults = new Faults();
  checkId(faults, "runId", request.runId);
  checkCallersId(faults, "requestId", request.requestId);
  faults.throwIfAny();
}

export function checkListRuns(request: ListRunsRequest): void {
  const faults = new Faults();
  for (const [at, state] of request.states.entries()) checkEnum(faults, `states[${at}]`, state, RunState);
  checkOptionalName(faults, "agentName", request.agentName);
  checkOptionalId(faults, "parentRunId", request.parentRunId);
  checkLabels(faults, "labels", request.labels);
  checkPageSize(faults, "pageSize", request.pageSize);
  checkPageToken(faults, "pageToken", request.pageToken);
  faults.throwIfAny();
}

export function checkGetHistory(request: GetHistoryRequest): void {
  const faults = new Faults();
  checkId(faults, "runId", request.runId);
  checkPageSize(faults, "pageSize", request.pageSize);
  faults.throwIfAny();
}

interface DecisionRequest {
  readonly runId: string;
  readonly approvalId: string;
  readonly decisionId: string;
  readonly onBehalfOf: string;
}

function checkDecision(faults: Faults, request: DecisionRequest): void {
  checkId(faults, "runId", request.runId);
  checkOptionalId(faults, "approvalId", request.approvalId);
  checkCallersId(faults, "decisionId", request.decisionId);
  // Such an id says that somebody decided by a link.
  if (isDecisionLinkId(request.decisionId)) faults.add("decisionId", "begins as only the id of a decision link may");
  checkOnBehalfOf(faults, "onBehalfOf", request.onBehalfOf);
}

function checkDigest(faults: Faults, digest: string, field = "argumentsDigest"): void {
  if (digest !== "" && !DIGEST_PATTERN.test(digest)) {
    faults.add(field, 'must be a digest as it was shown: "sha256:" and 64 hexadecimal digits');
  }
}

// The contract has a reason of its own for edited arguments that cannot be taken.
function checkEditedArguments(text: string): void {
  const field = "editedArgumentsJson";
  // canonicalArguments reads a blank text as {}, as models send it; from a person it is a slip.
  const read =
    text.trim() === ""
      ? ({ ok: false, problem: "It is blank. Leave it out to approve the arguments as they are." } as const)
      : canonicalArguments(text);
  if (read.ok) return;
  throw new AgentspanError("INVALID_ARGUMENTS", `The edited arguments cannot be taken: ${read.problem}`, {
    fields: [{ field, description: read.problem }],
  });
}
