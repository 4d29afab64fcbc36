import type { Event, Signature } from "@agentspan/proto";
import { digestOf } from "../canonical-json.js";
import type { DecisionStatement, GrantStatement, OutcomeStatement } from "../signing/statements.js";
import { isStatement, type PartName, PURPOSES, type Receipt, type Signed } from "./receipt.js";

/**
 * A receipt of a call from its run's history, or in a sentence why there is none. `texts` are arguments that it may have
 * run with beside those in the history: an edit by a vote that did not decide stands in its approval only.
 */
export function makeReceipt(
  history: readonly Event[],
  callId: string,
  texts: readonly string[] = [],
): Receipt | { readonly why: string } {
  const events = history.flatMap(({ event }) => (isOf(event, callId) ? [event] : []));
  const called = events.find((event) => event.case === "toolCall");
  if (called?.case !== "toolCall") return { why: "The run has no such call." };
  const child = history.find(({ event }) => event.case === "childStarted" && event.value.callId === callId)?.event;
  if (child?.case === "childStarted") {
    return {
      why: `It started run ${child.value.childRunId}: what was approved there has receipts of that run's calls.`,
    };
  }
  const finished = events.find((event) => event.case === "toolResult");
  if (finished?.case !== "toolResult")
    return { why: "The call has no outcome yet: there is a receipt once it has ended." };
  const { value: result } = finished;
  const started = events.flatMap((event) => (event.case === "toolStarted" ? [event.value] : []));
  const start = started.find(({ attempt }) => attempt === result.attempt) ?? started.at(-1);
  if (start === undefined) return { why: "The call did not run." };
  const grant = signedOf<GrantStatement>("grant", start.grant);
  const outcome = signedOf<OutcomeStatement>("outcome", result.signature);
  if (grant === undefined || outcome === undefined) {
    return { why: "Nothing of the call is signed: it is no guarded one, or its server had no keys." };
  }
  const { approval, decision: decisionId, digest } = grant.statement;
  if (approval === "") return { why: "Nobody had to approve the call." };
  const acts = events.flatMap((event) => actOf(event));
  const decision = acts.find(({ statement }) => statement.decision === decisionId && statement.closes);
  if (decision === undefined) return { why: "The decision that let the call run is not signed." };
  const votes = votesBeside(
    decision,
    acts.filter(({ statement }) => statement.approval === approval && !statement.closes),
  );
  const args = [called.value.argumentsJson, ...events.flatMap(editOf), ...texts].find(
    (text) => digestOf(text) === digest,
  );
  if (args === undefined) return { why: "The history does not tell with which arguments the call ran." };
  return {
    arguments: args,
    votes: votes.filter(({ statement }) => runs(statement) === digest),
    decision,
    grant,
    outcome,
  };
}

/** The approvals of a call that people have decided. */
export function approvalsOf(history: readonly Event[], callId: string): readonly string[] {
  return history.flatMap(({ event }) =>
    event.case === "decided" && event.value.callId === callId ? [event.value.decision?.approvalId ?? ""] : [],
  );
}

type Body = Event["event"];
type OfCall = Extract<Body, { case: "toolCall" | "toolStarted" | "toolResult" | "voted" | "decided" }>;

function isOf(event: Body, callId: string): event is OfCall {
  switch (event.case) {
    case "toolCall":
    case "toolStarted":
    case "toolResult":
    case "voted":
    case "decided":
      return event.value.callId === callId;
    default:
      return false;
  }
}

function actOf(event: OfCall): readonly Signed<DecisionStatement>[] {
  if (event.case !== "voted" && event.case !== "decided") return [];
  const signed = signedOf<DecisionStatement>("decision", event.value.signature);
  return signed === undefined ? [] : [signed];
}

function editOf(event: OfCall): readonly string[] {
  return event.case === "decided" ? [event.value.decision?.editedArgumentsJson ?? ""] : [];
}

/** Those that counted when it was decided: a person has one, the last, and an edit clears those before it. */
function votesBeside(
  { statement: decided }: Signed<DecisionStatement>,
  given: readonly Signed<DecisionStatement>[],
): readonly Signed<DecisionStatement>[] {
  if (decided.editedDigest !== "") return [];
  const edit = given.findLastIndex(({ statement }) => statement.editedDigest !== "");
  const counted = new Map<string, Signed<DecisionStatement>>();
  for (const vote of given.slice(Math.max(0, edit))) {
    counted.delete(personOf(vote.statement));
    counted.set(personOf(vote.statement), vote);
  }
  counted.delete(personOf(decided));
  return [...counted.values()];
}

function personOf({ who, onBehalfOf }: Pick<DecisionStatement, "who" | "onBehalfOf">): string {
  return onBehalfOf === "" ? who : onBehalfOf;
}

/** The digest of the arguments that a vote is for. */
export function runs({ digest, editedDigest }: Pick<DecisionStatement, "digest" | "editedDigest">): string {
  return editedDigest === "" ? digest : editedDigest;
}

function signedOf<S>(part: PartName, signature: Signature | undefined): Signed<S> | undefined {
  if (signature === undefined || signature.signedText === "") return undefined;
  const { purpose, statement } = JSON.parse(signature.signedText) as { purpose: unknown; statement: unknown };
  if (purpose !== PURPOSES[part] || !isStatement(part, statement)) return undefined;
  const bytes = Buffer.from(signature.signature).toString("base64url");
  return { keyId: signature.keyId, signature: bytes, statement: statement as S };
}
