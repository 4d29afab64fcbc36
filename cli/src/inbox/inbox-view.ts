// The inbox as lines that fit a terminal.
import { keyOf } from "@agentspan/internal/inbox";
import type { Approval } from "@agentspan/sdk";
import { approvalLines, askedOf, commandsFor, countedVotes } from "../approval-view.js";
import { oneLine, safeText } from "../safe-text.js";
import { span } from "../times.js";
import { fitted, wrapped } from "./fit-text.js";
import { type Asking, type InboxState, type Opened, rowsOf, scrolled, verbsOf } from "./inbox-state.js";
import type { ScreenLine, ScreenSize } from "./terminal-screen.js";

/** Head, a blank line, and at the foot a blank line, what happened, and the keys. */
const FRAME = 5;

export function roomIn({ rows }: ScreenSize): number {
  return Math.max(1, rows - FRAME);
}

/** As many lines as the terminal has, each of them fitting. */
export function inboxLines(state: InboxState, address: string, size: ScreenSize, now: number): readonly ScreenLine[] {
  const room = roomIn(size);
  const body = state.opened === undefined ? listLines(state, size, now) : openedLines(state.opened, size, now);
  const filled = [...body, ...Array.from({ length: Math.max(0, room - body.length) }, () => ({ text: "" }))];
  const fit = ({ text, ...line }: ScreenLine): ScreenLine => ({ ...line, text: fitted(text, size.columns - 1) });
  const foot = footLines(state, size);
  return [{ text: headOf(state, address) }, { text: "" }, ...filled.slice(0, room), { text: "" }, ...foot]
    .map(fit)
    .slice(0, size.rows);
}

function headOf({ inbox, connection }: InboxState, address: string): string {
  const count = inbox.open.size;
  const waits = count === 0 ? "Nothing waits for a person" : `${count} ${count === 1 ? "waits" : "wait"} for a person`;
  const how = {
    live: "live",
    connecting: "connecting",
    lost: "CONNECTION LOST, trying again: this may be out of date",
  }[connection];
  return `${waits} | ${how} | ${address}`;
}

function listLines(state: InboxState, size: ScreenSize, now: number): readonly ScreenLine[] {
  const rows = rowsOf(state);
  const room = roomIn(size);
  const at = Math.max(
    0,
    rows.findIndex((row) => keyOf(row) === state.chosen),
  );
  const top = Math.max(0, Math.min(at - Math.floor(room / 2), rows.length - room));
  return rows.slice(top, top + room).map((row) => {
    const chosen = keyOf(row) === state.chosen;
    return { text: `${chosen ? ">" : " "} ${rowOf(row, now, size.columns)}`, chosen };
  });
}

function rowOf(approval: Approval, now: number, columns: number): string {
  const waited = span(now - (approval.requestedAt?.getTime() ?? now)).padStart(7);
  const votes = countedVotes(approval);
  const about = [`${safeText(approval.agentName)}: ${askedOf(approval)}`, ...(votes === "" ? [] : [votes])].join(", ");
  return `${waited}  ${about}  ${oneLine(approval.argumentsJson, columns)}`;
}

/** All that is shown of one: every line of it, wrapped and never cut. */
export function detailLines({ approval, over }: Opened, columns: number, now: number): readonly string[] {
  const waited = span(now - (approval.requestedAt?.getTime() ?? now));
  const votes = countedVotes(approval);
  const commands = verbsOf(approval).length === 0 && over === undefined ? ["", ...commandsFor(approval)] : [];
  return [
    `${safeText(approval.agentName)}: ${askedOf(approval)}`,
    `${approval.approvalId} of ${approval.runId}, for ${waited}${votes === "" ? "" : `, ${votes}`}`,
    "",
    ...approvalLines(approval),
    ...commands,
  ].flatMap((line) => wrapped(line, columns - 1));
}

function openedLines(opened: Opened, size: ScreenSize, now: number): readonly ScreenLine[] {
  const lines = detailLines(opened, size.columns, now);
  return lines.slice(opened.top, opened.top + roomIn(size)).map((text) => ({ text }));
}

function footLines({ opened, notice }: InboxState, size: ScreenSize): readonly ScreenLine[] {
  if (opened === undefined) {
    return [{ text: notice }, { text: "up/down: choose   enter: look at it and decide   q: quit" }];
  }
  if (opened.asking !== undefined) return askingLines(opened.asking, size);
  if (opened.over !== undefined) return [{ text: opened.over }, { text: "any key: back to the list" }];
  if (opened.sending) return [{ text: "Sending ..." }, { text: "" }];
  const keys = verbsOf(opened.approval).map((verb) => KEYS[verb]);
  const [lines, room] = [detailLines(opened, size.columns, 0).length, roomIn(size)];
  const scroll = lines > room ? ["up/down: scroll"] : [];
  const unseen = opened.tooEarly === true && scrolled(opened, 0, lines, room).seen < lines;
  const more = `There is more of it: scroll down to line ${lines} before you approve it.`;
  return [{ text: unseen ? more : notice }, { text: ["esc: back", "q: quit", ...keys, ...scroll].join("   ") }];
}

const KEYS = {
  approve: "a: approve",
  reject: "r: reject",
  edit: "e: edit",
  respond: "w: answer",
} as const;

const QUESTIONS = {
  approve: "Approve. A comment, or none:",
  reject: "Reject. The reason, which the model is told:",
  edit: "Approve with these arguments, as JSON:",
  respond: "The answer, as JSON:",
} as const;

/** The end of the line that is typed is in sight, with a mark where the cursor is. */
function askingLines({ verb, line, fault }: Asking, { columns }: ScreenSize): readonly ScreenLine[] {
  const before = [...safeText(line.before.join(""))];
  const room = Math.max(8, columns - 6);
  const shown = `${before.slice(-room).join("")}_${safeText(line.after.join(""))}`;
  return [{ text: fault ?? `${QUESTIONS[verb]}   (enter: send, esc: back)` }, { text: `> ${shown}` }];
}
