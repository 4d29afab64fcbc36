// The status of a run, asked for anew when its events say that there is news, and now and then besides.
import { RunService, type RunStatus } from "@agentspan/proto";
import { useQuery } from "@connectrpc/connect-query";
import { useEffect, useRef } from "react";
import { isPassing } from "../api/refusal.js";

/** Which tools nobody serves, and how runs below it are, is told by no event. */
const LOOK_AGAIN_MS = 5_000;
/** Of a run that has ended, while something of it can still be settled. */
const LOOK_AFTER_END_MS = 15_000;
/** However many events come in. */
const REST_MS = 400;

export interface StatusQuery {
  readonly status: RunStatus | undefined;
  readonly error: Error | null;
  readonly look: () => void;
}

export function useRunStatus(runId: string): StatusQuery {
  const { data, error, refetch } = useQuery(
    RunService.method.getStatus,
    { runId },
    {
      refetchInterval: ({ state }) => {
        if (state.error !== null && !isPassing(state.error)) return false;
        const status = state.data?.status;
        if (status === undefined || !status.isComplete) return LOOK_AGAIN_MS;
        return status.pendingApprovals.length > 0 ? LOOK_AFTER_END_MS : false;
      },
    },
  );
  return { status: data?.status, error, look: () => void refetch() };
}

/** Looks again soon after a later event came than the status knows. */
export function useLookAtNews(last: bigint, { status, look }: StatusQuery): void {
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const current = useRef(look);
  current.current = look;
  const isBehind = status !== undefined && status.lastSequence < last;
  // biome-ignore lint/correctness/useExhaustiveDependencies: each later event is a reason to look once more.
  useEffect(() => {
    if (!isBehind || timer.current !== undefined) return;
    timer.current = setTimeout(() => {
      timer.current = undefined;
      current.current();
    }, REST_MS);
  }, [isBehind, last, status]);
  useEffect(() => () => clearTimeout(timer.current), []);
}
