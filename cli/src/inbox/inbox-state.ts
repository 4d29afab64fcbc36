// What the inbox in a terminal shows, and how it changes: without a terminal, a server or a clock.
import type { Connection } from "@agentspan/internal/follow-watch";
import { type Inbox, keyOf, oldestFirst, withChanges } from "@agentspan/internal/inbox";
import type { WatchApprovalsResponse } from "@agentspan/proto";
import { type Approval, approvalOf } from "@agentspan/sdk";
import type { TypedLine } from "./line-editor.js";

/** What a person is about to say, and the line that it takes. */
export interface Asking {
  readonly verb: "approve" | "reject" | "respond" | "edit";
  readonly line: TypedLine;
  /** Why the line before was not taken. */
  readonly fault?: string;
}

/** One approval that is looked at, as it was when it was read; decisions are bound to that. */
export interface Opened {
  readonly approval: Approval;
  /** The first line that is in sight. */
  readonly top: number;
  /** How many of its lines have been in sight. */
  readonly seen: number;
  /** Somebody wanted to approve it before all of it had been in sight. */
  readonly tooEarly?: boolean;
  readonly asking: Asking | undefined;
  readonly sending: boolean;
  /** What became of it, once it is not open any more. */
  readonly over: string | undefined;
}

export interface InboxState {
  readonly inbox: Inbox;
  readonly connection: Connection;
  /** The row that is chosen, by its key. */
  readonly chosen: string | undefined;
  readonly opened: Opened | undefined;
  /** What happened last, until the next key. */
  readonly notice: string;
}

export function rowsOf({ inbox }: InboxState): readonly Approval[] {
  return oldestFirst(inbox).map(approvalOf);
}

/** After news of the server; the choice stays where it is, or goes to the row that takes its place. */
export function withNews(state: InboxState, changes: readonly WatchApprovalsResponse[], anew: boolean): InboxState {
  const before = rowsOf(state).map(keyOf);
  const inbox = withChanges(anew ? { ...state.inbox, open: new Map() } : state.inbox, changes);
  return rechosen({ ...state, inbox }, before);
}

function rechosen(state: InboxState, before: readonly string[]): InboxState {
  const keys = rowsOf(state).map(keyOf);
  if (state.chosen !== undefined && keys.includes(state.chosen)) return state;
  const at = state.chosen === undefined ? 0 : Math.max(0, before.indexOf(state.chosen));
  return { ...state, chosen: keys[Math.min(at, keys.length - 1)] };
}

/** The choice some rows further down, or up. */
export function moved(state: InboxState, by: number): InboxState {
  const keys = rowsOf(state).map(keyOf);
  const at = keys.indexOf(state.chosen ?? "");
  return { ...state, chosen: keys[Math.min(keys.length - 1, Math.max(0, at + by))] };
}

/** The line that is looked at, as far as there are lines. */
export function scrolled(opened: Opened, by: number, lines: number, room: number): Opened {
  const top = Math.min(Math.max(0, lines - room), Math.max(0, opened.top + by));
  return { ...opened, top, seen: Math.max(opened.seen, top + room) };
}

/** What may be said of it by the keys of the inbox; a settlement takes more than a key. */
export function verbsOf({ kind }: Pick<Approval, "kind">): readonly Asking["verb"][] {
  if (kind === "APPROVAL") return ["approve", "reject", "edit", "respond"];
  return kind === "QUESTION" ? ["respond", "reject"] : [];
}
