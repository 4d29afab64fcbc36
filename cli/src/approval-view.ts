// One checkpoint as a person must see it before deciding: every argument, from the text that is hashed and executed.
import type { Approval } from "@agentspan/sdk";
import { commandName } from "./command-name.js";
import { previewLines } from "./preview-view.js";
import { safeText } from "./safe-text.js";
import { tableLines } from "./table.js";
import { dateAndTime } from "./times.js";

/**
 * Each argument on a line of its own, its value as it stands in the canonical text, in full. Characters that a terminal
 * would not show are written as their code.
 */
export function argumentLines(approval: Approval): readonly string[] {
  const entries = Object.entries(approval.arguments);
  if (entries.length === 0) return ["(no arguments)"];
  // The text is RFC 8785, whose numbers and strings JSON.stringify writes back as they were.
  return tableLines(entries.map(([name, value]) => [safeText(name), safeText(JSON.stringify(value))]));
}

/** All that whoever decides must see. */
export function approvalLines(approval: Approval): readonly string[] {
  return [
    ...argumentLines(approval),
    ...editLines(approval),
    ...knownLines(approval),
    ...answerLines(approval),
    ...previewLines(approval),
    ...termLines(approval),
  ];
}

/** Why people are asked, and until when one may decide. */
function termLines({ reason, expiresAt }: Approval): readonly string[] {
  return [
    ...(reason === "" ? [] : [`why it waits: ${safeText(reason)}`]),
    ...(expiresAt === undefined ? [] : [`to be decided until ${dateAndTime(expiresAt)}`]),
  ];
}

/** How far it is, where it takes several people; nothing where one is enough. */
export function countedVotes({
  kind,
  votes,
  votesRequired,
}: Pick<Approval, "kind" | "votes" | "votesRequired">): string {
  if (votesRequired <= 1) return "";
  const counted = `${votes.length} of ${votesRequired} votes`;
  // What became of it takes one person's word.
  return kind === "SETTLEMENT" ? `${counted} to run it again` : counted;
}

/** Whose the arguments are, where they are not the agent's any more. */
function editLines({ votes }: Approval): readonly string[] {
  const editor = votes.findLast(({ edited }) => edited);
  if (editor === undefined) return [];
  const person = safeText(editor.onBehalfOf === "" ? editor.who : editor.onBehalfOf);
  return [`edited: these arguments are those of ${person}, and not what the agent asked for`];
}

/** On a settlement: what is known of the attempt, besides its arguments. None on anything else. */
export function knownLines({ unknownOutcome }: Approval): readonly string[] {
  if (unknownOutcome === undefined) return [];
  const { attempt, workerId, grantedAt, cause, lastHeartbeatAt, idempotencyKey, probe } = unknownOutcome;
  const heard = lastHeartbeatAt === undefined ? "" : `, last heard of ${dateAndTime(lastHeartbeatAt)}`;
  const lines = [
    `attempt ${attempt} on ${safeText(workerId)}, granted ${dateAndTime(grantedAt)}${heard}: ${safeText(cause)}`,
    `idempotency key ${safeText(idempotencyKey)}`,
  ];
  if (probe === undefined) return lines;
  return [...lines, `its probe: ${probe.verdict}${probe.detail === "" ? "" : `, ${safeText(probe.detail)}`}`];
}

/** Of a question: what its answers must be. None on anything else, and where any JSON is an answer. */
export function answerLines({ answerSchema }: Approval): readonly string[] {
  return answerSchema === undefined ? [] : [`answer, by its JSON Schema: ${safeText(JSON.stringify(answerSchema))}`];
}

/** What is asked, in a few words. */
export function askedOf({ kind, toolName }: Approval): string {
  const tool = safeText(toolName);
  switch (kind) {
    case "APPROVAL":
      return `may ${tool} run?`;
    case "QUESTION":
      return `${tool} asks`;
    case "SETTLEMENT":
      return `did ${tool} happen?`;
    case "UNSPECIFIED":
      return "something that this version does not know";
    default:
      return kind satisfies never;
  }
}

/** What became of one that is not open any more. */
export function closedWords({ decision }: Approval): string {
  if (decision === undefined) return "closed without a decision";
  const { outcome, decidedBy, onBehalfOf, decidedAt, ground } = decision;
  const person = onBehalfOf === "" ? decidedBy : `${decidedBy} for ${onBehalfOf}`;
  const by = ground === undefined ? person : `standing grant ${ground.grantId} of ${person}`;
  return `${outcome} by ${safeText(by)}, ${dateAndTime(decidedAt)}`;
}

/** The commands that answer it. */
export function commandsFor({ kind, runId, approvalId }: Approval): readonly string[] {
  const command = commandName();
  const which = `${runId} ${approvalId}`;
  if (kind === "SETTLEMENT") {
    return [
      `${command} settle ${which} --happened`,
      `${command} settle ${which} --run-again`,
      `${command} settle ${which} --give-up`,
    ];
  }
  const declined = `${command} reject ${which} --reason "..."`;
  if (kind === "QUESTION") return [`${command} respond ${which} --answer '...'`, declined];
  return [`${command} approve ${which}`, declined];
}
