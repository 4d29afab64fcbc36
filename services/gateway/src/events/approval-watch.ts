// Open checkpoints as they stand, then every change of one, for one watcher.
//
// 1. The snapshot comes in pages, from a time on that is noted before the first: what changes meanwhile is told again
//    afterwards, from that time. A watcher that breaks off in the middle goes on with the page it was at.
// 2. Changes are asked for again and again, each time from a little before the last one told, and now and then from
//    well before: a commit may be seen later than one that was decided after it. What was told already is known by its
//    version and left out; whoever resumes may be told the last half minute twice, and drops it the same way.
import { AgentspanError } from "@agentspan/internal";
import {
  type Approval,
  ApprovalChangesRequestSchema,
  ApprovalChangesResponseSchema,
  ApprovalService,
  ListApprovalsRequestSchema,
  type WatchApprovalsRequest,
  type WatchApprovalsResponse,
  WatchApprovalsResponseSchema,
} from "@agentspan/proto";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import type { Asker, Orchestrators } from "../bus/orchestrators.js";

export interface ApprovalWatchOptions {
  readonly orchestrators: Pick<Orchestrators, "ask" | "exchange">;
  readonly asker: Asker;
  readonly request: WatchApprovalsRequest;
  /** Calls back when something may have changed, until the returned function is called: then the next look is at once. */
  readonly news: (listener: () => void) => () => void;
  /** Milliseconds between two looks where there is no news; 1,000 unless said. */
  readonly lookMs?: number;
}

/** Where a watch stands. */
interface Cursor {
  /** Changes from this time on are still to be told, milliseconds. */
  readonly since: number;
  /** The page of the snapshot that is still to come; absent where it is over. */
  readonly page?: string;
}

const LOOK_MS = 1_000;
/** How far a look reaches back behind the last change that was seen, and how far one in ten, by time. */
const NEAR_MS = 2_000;
const FAR_MS = 30_000;
const LOOKS_TO_A_FAR_ONE = 10;
/** Between two looks at least, however much news there is. */
const REST_MS = 50;
/** When nothing has changed yet: asked for, it tells the time. */
const NEVER_MS = Date.UTC(9999, 0);
const PAGE = 200;
/** As much as a screen has, so that it is there soon. */
const FIRST_PAGE = 50;

export class ApprovalWatch {
  readonly #options: ApprovalWatchOptions;
  /** Versions told, by approval, within the overlap. */
  readonly #told = new Map<string, { readonly version: string; readonly at: number }>();

  constructor(options: ApprovalWatchOptions) {
    this.#options = options;
  }

  /** Goes on until the asker is gone. */
  async *changes(): AsyncGenerator<WatchApprovalsResponse> {
    const { request } = this.#options;
    let cursor: Cursor =
      request.cursor === "" ? { since: (await this.#now()) - FAR_MS, page: "" } : decodeCursor(request.cursor);
    while (cursor.page !== undefined) {
      const { approvals, next }: { approvals: WatchApprovalsResponse[]; next: Cursor } = await this.#page(cursor);
      yield* approvals;
      cursor = next;
    }
    yield* this.#changesSince(cursor.since + FAR_MS);
  }

  async *#changesSince(since: number): AsyncGenerator<WatchApprovalsResponse> {
    const { asker, news, lookMs = LOOK_MS } = this.#options;
    let seen = since;
    let bell = new AbortController();
    const unfollow = news(() => bell.abort());
    try {
      for (let farAt = performance.now(); !asker.signal.aborted; ) {
        // What comes from now on may be later than what the look finds.
        bell = new AbortController();
        const isFar = performance.now() >= farAt;
        if (isFar) farAt = performance.now() + LOOKS_TO_A_FAR_ONE * lookMs;
        const look = await this.#look(seen, isFar ? FAR_MS : NEAR_MS);
        yield* look.told;
        seen = look.seen;
        await sleep(Math.min(REST_MS, lookMs), asker.signal);
        await sleep(lookMs - REST_MS, asker.signal, bell.signal);
      }
    } finally {
      unfollow();
    }
  }

  async #page(cursor: Cursor): Promise<{ approvals: WatchApprovalsResponse[]; next: Cursor }> {
    const { orchestrators, asker, request } = this.#options;
    const { kinds, toolName, agentName, labels, assignee, assigneeGroups, mine } = request;
    const pageToken = cursor.page ?? "";
    const asked = create(ListApprovalsRequestSchema, {
      kinds,
      toolName,
      agentName,
      labels,
      assignee,
      assigneeGroups,
      mine,
      pageToken,
      pageSize: pageToken === "" ? FIRST_PAGE : PAGE,
    });
    const listed = await orchestrators.ask(ApprovalService.method.listApprovals, asked, asker);
    const { since } = cursor;
    const next: Cursor = listed.nextPageToken === "" ? { since } : { since, page: listed.nextPageToken };
    const last = listed.approvals.length - 1;
    const approvals = listed.approvals.map((approval, at) =>
      // A page is gone back to as a whole: only its last entry leads to what follows it.
      create(WatchApprovalsResponseSchema, { approval, cursor: encodeCursor(at === last ? next : cursor) }),
    );
    for (const approval of listed.approvals) this.#note(approval, false);
    return { approvals, next };
  }

  /** What changed since a while before the last change that was seen. */
  async #look(seen: number, backMs: number): Promise<{ seen: number; told: readonly WatchApprovalsResponse[] }> {
    const told: WatchApprovalsResponse[] = [];
    let latest = seen;
    for (let pageToken = ""; ; ) {
      const page = await this.#changesFrom(seen - backMs, pageToken);
      for (const { approval, closed } of page.approvals) {
        if (approval === undefined) continue;
        latest = Math.max(latest, updatedAtOf(approval));
        if (!this.#note(approval, closed)) continue;
        const cursor = encodeCursor({ since: latest - FAR_MS });
        told.push(create(WatchApprovalsResponseSchema, { approval, closed, cursor }));
      }
      pageToken = page.nextPageToken;
      if (pageToken === "") break;
    }
    for (const [key, { at }] of this.#told) if (at < latest - 2 * FAR_MS) this.#told.delete(key);
    return { seen: latest, told };
  }

  async #now(): Promise<number> {
    const { now } = await this.#changesFrom(NEVER_MS, "");
    return now === undefined ? Date.now() : timestampMs(now);
  }

  async #changesFrom(since: number, pageToken: string) {
    const { orchestrators, asker, request } = this.#options;
    const asked = create(ApprovalChangesRequestSchema, {
      filter: { ...request, cursor: "" },
      since: timestampFromMs(since),
      pageSize: PAGE,
      pageToken,
    });
    const body = toBinary(ApprovalChangesRequestSchema, asked);
    const answer = await orchestrators.exchange("Internal/ApprovalChanges", body, asker);
    return fromBinary(ApprovalChangesResponseSchema, answer);
  }

  /** False where this version of it was told already. */
  #note(approval: Approval, closed: boolean): boolean {
    const { runId, approvalId, votes, preview } = approval;
    const key = `${runId}/${approvalId}`;
    const at = updatedAtOf(approval);
    const version = `${at}/${votes.length}/${closed}/${preview?.status ?? 0}`;
    if (this.#told.get(key)?.version === version) return false;
    this.#told.set(key, { version, at });
    return true;
  }
}

function updatedAtOf({ updatedAt }: Approval): number {
  return updatedAt === undefined ? 0 : timestampMs(updatedAt);
}

function encodeCursor({ since, page }: Cursor): string {
  return Buffer.from(JSON.stringify(page === undefined ? [since] : [since, page]), "utf8").toString("base64url");
}

/** Throws INVALID_REQUEST for a cursor that no watch gave out. */
function decodeCursor(text: string): Cursor {
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(text, "base64url").toString("utf8"));
  } catch {
    parsed = undefined;
  }
  const [since, page] = Array.isArray(parsed) ? (parsed as readonly unknown[]) : [];
  if (Number.isSafeInteger(since) && typeof since === "number" && since >= 0) {
    if (page === undefined) return { since };
    if (typeof page === "string") return { since, page };
  }
  throw new AgentspanError("INVALID_REQUEST", "The cursor is not one of this watch. Begin again without one.", {
    fields: [{ field: "cursor", description: "is not a cursor that a watch gave out" }],
  });
}

/** Resolves after so many milliseconds, or when one of the signals is aborted. */
function sleep(ms: number, ...signals: readonly AbortSignal[]): Promise<void> {
  return new Promise((resolve) => {
    if (signals.some(({ aborted }) => aborted)) return resolve();
    const end = (): void => {
      clearTimeout(timer);
      for (const signal of signals) signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    for (const signal of signals) signal.addEventListener("abort", end, { once: true });
  });
}
