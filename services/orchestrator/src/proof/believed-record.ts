// What the events of a guarded call say of whether it may begin now, where only signed words of workers count: that it did
// not begin before, unless that attempt was given back, did not happen by its probe's word, or a person let it run again;
// and that what it was checked against right before is what a preview saw.
import type { Signing } from "@agentspan/internal";
import {
  type Call,
  CHECK_VALID_MS,
  type Decided,
  type Fact,
  type RunEvent,
  type Signed,
  type ToolStarted,
  type Voted,
} from "../core/index.js";
import { type GrantedStart, isThatStart } from "./granted-before.js";
import { broughtText, isWord, saidText } from "./signed-facts.js";

export interface BeginningCall {
  readonly runId: string;
  readonly call: Call;
  /** Events of the call since its arguments were there, oldest first, without the start that is asked about. */
  readonly events: readonly RunEvent[];
  /** The decision that lets it run, with its event's sequence; absent where nobody was asked. */
  readonly decided?: { readonly sequence: number; readonly act: Voted | Decided } | undefined;
  /** When it begins, milliseconds since the epoch. */
  readonly at: number;
  /** What the audit knows of, with the start that is asked about where it is there by now. */
  readonly granted: readonly GrantedStart[];
  readonly beginning: Pick<ToolStarted, "attempt" | "nonce">;
}

type Trusted = Signing["trusted"];

/** Why a call may not begin, in words that follow "because"; undefined where it may. */
export function recordProblem(beginning: BeginningCall, trusted: Trusted): string | undefined {
  const { call, events } = beginning;
  if (events.some(({ fact }) => fact.type === "tool_result")) return "it has ended";
  const starts = [beginning.beginning, ...events.flatMap(({ fact }) => (fact.type === "tool_started" ? [fact] : []))];
  const untold = beginning.granted.some((granted) => !starts.some((started) => isThatStart(granted, started)));
  if (untold) return "the audit knows of a start of it that its run does not tell";
  const words = events.filter((event) => isBelieved(event, beginning.runId, trusted));
  for (const { sequence, fact, at } of events) {
    if (fact.type !== "tool_started" || (fact.gate === "plain" && fact.signed === undefined)) continue;
    const enforced = isEnforced(fact, beginning.runId, at, trusted);
    const explained = words.some((word) => word.sequence > sequence && letsBeginAgain(word.fact, fact, enforced));
    const settled = beginning.decided?.act.outcome === "run_again" && beginning.decided.sequence > sequence;
    if (!explained && !settled) return "it began before, and nobody has said that it may begin again";
  }
  return call.check === undefined ? undefined : checkProblem(beginning, call.check, words);
}

function letsBeginAgain(fact: Fact, { attempt, nonce }: ToolStarted, enforced: boolean): boolean {
  if (fact.type === "task_released") return fact.attempt === attempt && fact.nonce === nonce;
  return fact.type === "probe_answered" && fact.attempt === attempt && fact.runsAgain === true && enforced;
}

/** Whether the worker that began brought a probe for a receiver that enforces the key, as it was signed when it began. */
function isEnforced(started: ToolStarted, runId: string, at: number, trusted: Trusted): boolean {
  const { probe, enforcesKey, signed } = started;
  const text = broughtText(runId, started, at);
  if (probe !== true || enforcesKey !== true || signed?.brought === undefined || text === undefined) return false;
  return isSignedBy(signed.brought, text, at, trusted);
}

function checkProblem(
  { call, decided, at }: BeginningCall,
  check: NonNullable<Call["check"]>,
  words: readonly RunEvent[],
): string | undefined {
  const looked = words.find(({ sequence }) => sequence === check.sequence);
  const fact = looked?.fact;
  const found = fact?.type === "preview_taken" && fact.purpose === "checked" && fact.finding.kind === "found";
  if (looked === undefined || !found || fact.finding.fingerprint !== check.fingerprint) {
    return "nobody looked at what it would do right before";
  }
  if (decided === undefined || fact.approvalId !== call.approval?.approvalId || looked.sequence < decided.sequence) {
    return "what it would do was looked at for another approval";
  }
  return at - looked.at > CHECK_VALID_MS ? "what it would do was looked at too long ago" : undefined;
}

function isBelieved({ fact, at }: RunEvent, runId: string, trusted: Trusted): boolean {
  return isWord(fact) && fact.signed !== undefined && isSignedBy(fact.signed, saidText(runId, fact, at), at, trusted);
}

function isSignedBy({ keyId, signature }: Signed, text: string, at: number, trusted: Trusted): boolean {
  const signed = { text, keyId, signature: Buffer.from(signature, "base64url"), at };
  return trusted.problem("orchestrators", signed) === undefined;
}
