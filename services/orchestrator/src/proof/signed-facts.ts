// Which text of a stored fact is signed. It is made anew from the fact each time: a fact that was changed has another.
import { decisionText, digestOf, grantText, outcomeText, startText, wordText } from "@agentspan/internal";
import {
  type CallOutcome,
  type Decided,
  type Fact,
  idempotencyKeyOf,
  isGuarded,
  type PreviewTaken,
  type ProbeAnswered,
  type Run,
  type RunEvent,
  type RunStarted,
  type Signed,
  type SignedAct,
  type SignedGrant,
  type TaskReleased,
  type ToolFinished,
  type ToolStarted,
  type Voted,
} from "../core/index.js";

/** Of a stored start, and of the state that came of it: both must say the same. */
export function runText(said: Omit<RunStarted, "type" | "signed" | "input"> | Run, at: number): string {
  return startText({
    run: said.runId,
    namespace: said.namespace,
    agent: said.agentName,
    version: said.agentVersion,
    startedBy: said.startedBy,
    onBehalfOf: said.onBehalfOf ?? "",
    labels: said.labels,
    requestHash: said.requestHash,
    parent: said.parentRunId ?? "",
    parentCall: said.parentCallId ?? "",
    at,
  });
}

export function actText(
  runId: string,
  fact: Voted | Decided,
  { digest }: Omit<SignedAct, keyof Signed>,
  at: number,
): string {
  const { method = "", credentialId = "", address = "" } = fact.via ?? {};
  return decisionText({
    run: runId,
    call: fact.callId,
    approval: fact.approvalId,
    decision: fact.decisionId,
    digest,
    editedDigest: fact.edited?.digest ?? "",
    outcome: fact.outcome,
    closes: fact.type === "decided",
    who: fact.who,
    onBehalfOf: fact.onBehalfOf ?? "",
    method,
    credentialId,
    address,
    comment: fact.comment,
    at,
    ...(fact.type === "decided" && fact.ground !== undefined ? { ground: fact.ground } : {}),
    ...(fact.preview === undefined ? {} : { preview: fact.preview }),
    ...(fact.group === undefined ? {} : { group: fact.group }),
  });
}

export function grantedText(
  runId: string,
  { callId, attempt, nonce, workerId, tool, gate, checked }: Omit<ToolStarted, "type" | "incarnation" | "signed">,
  { digest, approvalId, decisionId, expiresAt }: Omit<SignedGrant, keyof Signed>,
  grantedAt: number,
): string {
  return grantText({
    run: runId,
    call: callId,
    attempt,
    nonceDigest: digestOf(nonce),
    worker: workerId,
    tool,
    digest,
    guarded: isGuarded(gate),
    idempotencyKey: idempotencyKeyOf(runId, callId),
    approval: approvalId,
    decision: decisionId,
    grantedAt,
    expiresAt,
    ...(checked === undefined ? {} : { preview: checked }),
  });
}

/** What a worker's tool brings for an attempt, by which the call may begin again without a person; undefined where nothing. */
export function broughtText(
  run: string,
  { callId: call, attempt, nonce, probe, enforcesKey }: Omit<ToolStarted, "type" | "signed">,
  at: number,
): string | undefined {
  const brought = [...(probe === true ? ["a probe"] : []), ...(enforcesKey === true ? ["an enforced key"] : [])];
  if (brought.length === 0) return undefined;
  const said = [digestOf(nonce), ...brought].join(", ");
  return wordText({ run, call, kind: "brought", number: attempt, said, at });
}

export type Word = TaskReleased | ProbeAnswered | PreviewTaken;

export function isWord(fact: Fact): fact is Word {
  return fact.type === "task_released" || fact.type === "probe_answered" || fact.type === "preview_taken";
}

export function saidText(run: string, fact: Word, at: number): string {
  const { callId: call } = fact;
  switch (fact.type) {
    case "task_released":
      return wordText({ run, call, kind: "released", number: fact.attempt, said: digestOf(fact.nonce), at });
    case "probe_answered": {
      const said = fact.runsAgain === true ? `${fact.verdict}, and it runs again` : fact.verdict;
      return wordText({ run, call, kind: "probed", number: fact.attempt, said, at });
    }
    case "preview_taken": {
      const seen = fact.finding.kind === "found" ? fact.finding.fingerprint : "failed";
      return wordText({ run, call, kind: "previewed", number: fact.number, said: `${fact.purpose} ${seen}`, at });
    }
    default:
      return fact satisfies never;
  }
}

export function finishText(runId: string, { callId, attempt, tool, outcome }: ToolFinished, at: number): string {
  return outcomeText({
    run: runId,
    call: callId,
    attempt,
    tool,
    outcome: outcome.kind,
    digest: outcomeDigest(outcome),
    at,
  });
}

/** Of the result's text, or of the words of the rest. */
export function outcomeDigest(outcome: CallOutcome): string {
  return outcome.kind === "truncated" ? outcome.digest : digestOf(wordsOf(outcome));
}

/** The signature of a stored event with its text; undefined where it has none. */
export function signatureIn(runId: string, { fact, at }: RunEvent): (Signed & { readonly text: string }) | undefined {
  switch (fact.type) {
    case "run_started":
      return fact.signed && { ...fact.signed, text: runText(fact, at) };
    case "voted":
    case "decided":
      return fact.signed && { ...fact.signed, text: actText(runId, fact, fact.signed, at) };
    case "task_released":
    case "probe_answered":
    case "preview_taken":
      return fact.signed && { ...fact.signed, text: saidText(runId, fact, at) };
    case "tool_started":
      return fact.signed && { ...fact.signed, text: grantedText(runId, fact, fact.signed, at) };
    case "tool_result":
      return fact.signed && { ...fact.signed, text: finishText(runId, fact, at) };
    default:
      return undefined;
  }
}

function wordsOf(outcome: Exclude<CallOutcome, { kind: "truncated" }>): string {
  switch (outcome.kind) {
    case "result":
    case "responded":
      return outcome.text;
    case "error":
      return outcome.message;
    case "rejected":
    case "cancelled":
      return outcome.reason;
    default:
      return outcome satisfies never;
  }
}
