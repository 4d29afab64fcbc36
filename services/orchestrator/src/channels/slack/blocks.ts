// A notice as a message of Slack's Block Kit. What somebody wrote stands in plain text alone, in which Slack reads no
// markup and no mention.
//
// Whoever approves has seen what they approve: the button is there where all of the arguments stand above it, and nothing
// is to be looked at elsewhere.
import { APPROVE_ACTION, buttonText, REJECT_ACTION, slackEscaped } from "@agentspan/internal";
import type { Notice } from "../notice.js";
import { factsOf, headlineOf, readable, shownPart } from "../shown-text.js";

export interface SlackMessage {
  /** For notifications, and where blocks cannot be shown. */
  readonly text: string;
  readonly blocks: readonly object[];
}

export interface SlackMessageOptions {
  /** Of the approval in the desk. */
  readonly desk?: string | undefined;
  /** Whether it can be decided by this message. */
  readonly buttons: boolean;
}

/** Slack takes 3,000 characters in one text, and some 13,000 in all blocks. */
const MOST_TEXT = 2_900;
const MOST_ARGUMENTS = 3 * MOST_TEXT;

export function composeSlackMessage(notice: Notice, { desk, buttons }: SlackMessageOptions): SlackMessage {
  const { type, data } = notice;
  const headline = headlineOf(type, data);
  const facts = factsOf(data).map(([name, value]) => `${name}: ${value}`);
  const { blocks: shownArguments, isWhole } = argumentBlocks(notice);
  const decides = buttons && data.kind === "APPROVAL" ? decisionsOf(notice, isWhole) : [];
  const open =
    desk === undefined
      ? []
      : [{ type: "button", action_id: "agentspan_open", text: plain("Open in the desk"), url: desk }];
  const elements = [...decides, ...open];
  return {
    text: slackEscaped(headline),
    blocks: [
      { type: "header", text: plain(headline, 150) },
      { type: "section", text: plain(facts.join("\n"), MOST_TEXT) },
      ...shownArguments,
      ...(elements.length === 0 ? [] : [{ type: "actions", elements }]),
    ],
  };
}

function decisionsOf({ data, previews }: Notice, isWhole: boolean): readonly object[] {
  const { runId, approvalId, argumentsDigest: digest, toolName = "" } = data;
  if (approvalId === undefined || digest === undefined) return [];
  const value = buttonText({ runId, approvalId, digest });
  const confirm = {
    title: plain("Approve it?"),
    text: plain(`${shownPart(toolName, 100).text} runs with these arguments.`, 300),
    confirm: plain("Approve"),
    deny: plain("Not yet"),
  };
  const approve = {
    type: "button",
    action_id: APPROVE_ACTION,
    text: plain("Approve"),
    style: "primary",
    value,
    confirm,
  };
  const reject = { type: "button", action_id: REJECT_ACTION, text: plain("Reject…"), style: "danger", value };
  return isWhole && previews !== true ? [approve, reject] : [reject];
}

function argumentBlocks({ data, previews }: Notice): { readonly blocks: readonly object[]; readonly isWhole: boolean } {
  const { argumentsJson, editedArgumentsJson, argumentsDigest } = data;
  const notes = previews === true ? [note("What it would do is shown in the desk.")] : [];
  if (argumentsJson === undefined) {
    if (argumentsDigest === undefined) return { blocks: notes, isWhole: false };
    return { blocks: [...notes, note(`Arguments ${argumentsDigest}, which are not in this message.`)], isWhole: false };
  }
  const given = editedArgumentsJson ?? argumentsJson;
  const { text, leftOut } = shownPart(readable(given), MOST_ARGUMENTS);
  const name = editedArgumentsJson === undefined ? "Arguments" : "Arguments that a person gave";
  const pieces = piecesOf(text).map((piece) => ({ type: "section", text: plain(piece) }));
  const left = leftOut === 0 ? [] : [note(`${leftOut} more characters are not in this message.`)];
  return { blocks: [...notes, note(name), ...pieces, ...left], isWhole: leftOut === 0 };
}

/** Of so many characters each, and no half of one. */
function piecesOf(text: string): readonly string[] {
  const pieces: string[] = [];
  let piece = "";
  for (const character of text) {
    if (piece.length + character.length > MOST_TEXT) {
      pieces.push(piece);
      piece = "";
    }
    piece += character;
  }
  return piece === "" ? pieces : [...pieces, piece];
}

function note(text: string): object {
  return { type: "context", elements: [plain(text)] };
}

function plain(text: string, most = MOST_TEXT + 1) {
  const characters = [...text];
  let cut = text;
  for (let end = most; cut.length > most; end -= 1) cut = `${characters.slice(0, end - 1).join("")}…`;
  return { type: "plain_text", text: cut === "" ? "-" : cut, emoji: false };
}
