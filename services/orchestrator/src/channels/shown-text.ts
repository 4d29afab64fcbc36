// Texts of models and people as a message may have them: nothing in them is hidden, and what is left out is said.
import { codeOf, oneLine, piecesOf } from "@agentspan/internal/characters";
import type { NoticeData } from "./notice.js";

/** As the desk shows it: ‹U+202E› for what nobody would see. */
export function shown(text: string): string {
  return piecesOf(text)
    .map((piece) => (piece.kind === "plain" ? piece.text : `‹${codeOf(piece)}›`))
    .join("");
}

/** On one line, for a header or a title. */
export function shownOnOneLine(text: string, most = 200): string {
  return oneLine(text, most);
}

export interface ShownPart {
  readonly text: string;
  /** How many characters of it are not there. */
  readonly leftOut: number;
}

/** Its beginning, as it is shown, in so many characters at most. */
export function shownPart(text: string, most: number): ShownPart {
  const characters = [...text];
  // What is shown as its code takes more room than it had.
  for (let end = Math.min(characters.length, most); ; end = Math.floor(end * 0.9)) {
    const part = shown(characters.slice(0, end).join(""));
    if (part.length <= most) return { text: part, leftOut: characters.length - end };
  }
}

/** Arguments as people read them: a member a line. They are the canonical text's, to the digit. */
export function readable(argumentsJson: string): string {
  try {
    return JSON.stringify(JSON.parse(argumentsJson), undefined, 2) ?? argumentsJson;
  } catch {
    return argumentsJson;
  }
}

/** In one sentence, as it stands in a title. */
export function headlineOf(type: string, data: NoticeData): string {
  const tool = shownOnOneLine(data.toolName ?? "a tool", 80);
  const agent = shownOnOneLine(data.agentName, 80);
  const isQuestion = data.kind === "QUESTION";
  switch (type) {
    case "approval.waiting":
      return isQuestion ? `${agent} asks people: ${tool}` : `${agent} wants to call ${tool}`;
    case "approval.outcome_unknown":
      return `Nobody knows whether ${tool} of ${agent} happened`;
    case "approval.reminded":
      return `Still waiting: ${tool} of ${agent}`;
    case "approval.escalated":
      return `Nobody decided in time, and others do now: ${tool} of ${agent}`;
    case "approval.decided":
      return `${decidedWord(data)}: ${tool} of ${agent}`;
    case "approval.expired":
      return `Nobody decided in time: ${tool} of ${agent}`;
    case "approval.closed":
      return `No longer to be decided: ${tool} of ${agent}`;
    case "run.ended":
      return `A run of ${agent} ended: ${shownOnOneLine(data.state ?? "", 40)}`;
    default:
      return `${shownOnOneLine(type, 80)}: ${agent}`;
  }
}

const OUTCOMES: Readonly<Record<string, string>> = {
  APPROVED: "Approved",
  REJECTED: "Rejected",
  RESPONDED: "Answered",
  HAPPENED: "Settled: it happened",
  RUN_AGAIN: "Settled: it runs again",
  GIVEN_UP: "Settled: nobody will know",
};

export function decidedWord({ outcome = "" }: NoticeData): string {
  return OUTCOMES[outcome] ?? shownOnOneLine(outcome, 40);
}

/** Who decided, in words; undefined where nobody did. */
export function deciderOf({ decidedBy, onBehalfOf, grant }: NoticeData): string | undefined {
  if (grant !== undefined) return `standing grant ${shownOnOneLine(grant.grantId, 80)}`;
  if (decidedBy === undefined) return undefined;
  const who = shownOnOneLine(decidedBy, 256);
  return onBehalfOf === undefined ? who : `${shownOnOneLine(onBehalfOf, 256)}, by ${who}`;
}

/** What else there is to know, each with its name. */
export function factsOf(data: NoticeData): readonly (readonly [name: string, value: string])[] {
  const { reason, approvers, votesRequired = 1, expiresAt, why, runId, approvalId, number } = data;
  const named = approvers && [...approvers.users, ...approvers.groups.map((group) => `group ${group}`)].join(", ");
  const facts: readonly (readonly [string, string | undefined])[] = [
    ["Why", reason],
    ["Decided by", deciderOf(data)],
    ["Comment", data.comment === "" ? undefined : data.comment],
    ["Closed because", why],
    ["Who may decide", named],
    ["Votes needed", votesRequired > 1 ? String(votesRequired) : undefined],
    ["Until", expiresAt],
    ["Reminder", number === undefined ? undefined : String(number)],
    ["Run", runId],
    ["Approval", approvalId],
  ];
  return facts.flatMap(([name, value]) =>
    value === undefined ? [] : [[name, shownPart(value, MOST_FACT).text] as const],
  );
}

const MOST_FACT = 1_000;

/** Where people decide. Undefined where the installation does not know its address. */
export function deskUrlOf(publicUrl: string | undefined, { runId, approvalId }: NoticeData): string | undefined {
  if (publicUrl === undefined || approvalId === undefined) return undefined;
  const path = `approvals/${encodeURIComponent(runId)}/${encodeURIComponent(approvalId)}`;
  return `${publicUrl.replace(/\/+$/, "")}/${path}`;
}
