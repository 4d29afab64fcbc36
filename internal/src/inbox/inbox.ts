// What waits for people, as the server's watch tells it: a snapshot, then changes, some of them twice.
//
// 1. An approval is one row, whatever is told of it and however often.
// 2. An older version never replaces a newer one: after a lost connection the last half minute is told again.
// 3. What was closed stays closed: no approval is opened a second time.
import type { Approval, WatchApprovalsResponse } from "@agentspan/proto";
import { timestampMs } from "@bufbuild/protobuf/wkt";

export interface Inbox {
  readonly open: ReadonlyMap<string, Approval>;
  readonly closed: ReadonlySet<string>;
}

export const EMPTY_INBOX: Inbox = { open: new Map(), closed: new Set() };

export function keyOf({ runId, approvalId }: Pick<Approval, "runId" | "approvalId">): string {
  return `${runId}/${approvalId}`;
}

/** An inbox in which these are open. */
export function inboxOf(approvals: readonly Approval[]): Inbox {
  return { open: new Map(approvals.map((approval) => [keyOf(approval), approval])), closed: new Set() };
}

/** The inbox after these changes, in the order in which they came; the same one where they change nothing. */
export function withChanges(inbox: Inbox, changes: readonly WatchApprovalsResponse[]): Inbox {
  const open = new Map(inbox.open);
  const closed = new Set(inbox.closed);
  let changed = false;
  for (const change of changes) {
    const { approval } = change;
    if (approval === undefined) continue;
    const key = keyOf(approval);
    if (closed.has(key)) continue;
    if (change.closed) {
      closed.add(key);
      open.delete(key);
      changed = true;
    } else if (isNews(approval, open.get(key))) {
      open.set(key, approval);
      changed = true;
    }
  }
  return changed ? { open, closed } : inbox;
}

/** Whether all has been told that was open when the server counted. */
export function isWhole({ open, closed }: Inbox, counted: number | undefined): boolean {
  return counted !== undefined && open.size + closed.size >= counted;
}

/** Those that wait the longest first. */
export function oldestFirst({ open }: Inbox): readonly Approval[] {
  // Times are read once each: there may be thousands.
  const timed = [...open].map(([key, approval]) => ({ key, approval, at: atMs(approval.requestedAt) }));
  timed.sort((a, b) => a.at - b.at || (a.key < b.key ? -1 : 1));
  return timed.map(({ approval }) => approval);
}

function isNews(told: Approval, known: Approval | undefined): boolean {
  if (known === undefined) return true;
  const [toldAt, knownAt] = [atMs(told.updatedAt), atMs(known.updatedAt)];
  if (toldAt !== knownAt) return toldAt > knownAt;
  return versionOf(told) !== versionOf(known);
}

/** What tells two versions of one instant apart. */
export function versionOf({ updatedAt, votes, preview }: Approval): string {
  return `${atMs(updatedAt)}/${votes.length}/${preview?.status ?? 0}`;
}

function atMs(time: Approval["updatedAt"]): number {
  return time === undefined ? 0 : timestampMs(time);
}
