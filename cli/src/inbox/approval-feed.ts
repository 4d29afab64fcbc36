// The server's watch of what waits for people, over lost connections.
import { setTimeout as delay } from "node:timers/promises";
import { type Connection, followWatch } from "@agentspan/internal/follow-watch";
import { ApprovalService, type WatchApprovalsResponse } from "@agentspan/proto";
import { type AgentRuntime, AgentspanError } from "@agentspan/sdk";

export interface FeedFilters {
  readonly toolName: string;
  readonly agentName: string;
  readonly mine: boolean;
  readonly assignee: string;
  readonly assigneeGroups: string[];
}

export interface FeedHooks {
  /** `anew`: a snapshot begins, in place of all before. */
  readonly onChanges: (changes: readonly WatchApprovalsResponse[], anew: boolean) => void;
  readonly onConnection: (connection: Connection) => void;
}

/**
 * Goes on until the signal aborts. Throws at once where the server cannot be reached at first, and where it says what no
 * patience mends: a key that is not taken, a filter that is none.
 */
export async function approvalFeed(
  { client }: AgentRuntime,
  filters: FeedFilters,
  { onChanges, onConnection }: FeedHooks,
  signal: AbortSignal,
): Promise<void> {
  const ask = (asking: AbortSignal): Promise<unknown> =>
    client.call(ApprovalService.method.listApprovals, { ...filters, pageSize: 1 }, asking);
  await ask(signal);
  let last: Connection | undefined;
  let vain: unknown;
  await followWatch<WatchApprovalsResponse>({
    cursorOf: ({ cursor }) => cursor,
    watch: (cursor, watching) => client.stream(ApprovalService.method.watchApprovals, { ...filters, cursor }, watching),
    ask,
    onChanges,
    onConnection: (connection) => {
      if (connection !== last) onConnection(connection);
      last = connection;
    },
    after: (error) => {
      if (!(error instanceof AgentspanError) || error.retryable) return "resume";
      // The filters were taken at first, so that it is the cursor that is not.
      if (error.reason === "INVALID_REQUEST") return "anew";
      vain = error;
      return "stop";
    },
    pause: (ms, pausing) => delay(ms, undefined, { signal: pausing }).catch(() => undefined),
    soon: (then) => {
      setTimeout(then, TOGETHER_MS);
    },
    signal,
  });
  signal.throwIfAborted();
  if (vain !== undefined) throw vain;
}

/** What comes at once is shown at once. */
const TOGETHER_MS = 30;
