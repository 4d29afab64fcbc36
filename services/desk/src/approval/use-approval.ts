// One approval with what is around it, kept current: asked for anew whenever the watch tells that it changed.
import { AgentService, type Approval, ApprovalService, RunService, type RunStatus, type Tool } from "@agentspan/proto";
import { useQuery } from "@connectrpc/connect-query";
import { useEffect, useRef, useState } from "react";
import { keyOf, versionOf } from "../inbox/inbox.js";
import { useInbox } from "../inbox/inbox-context.js";
import { fingerprintShown, isOther } from "./decision.js";

/** In case the watch does not tell of it: it may be looking at others. */
const LOOK_AGAIN_MS = 15_000;
const MOMENT_MS = 700;

export interface ApprovalQuery {
  /** As it is by now. */
  readonly approval: Approval | undefined;
  readonly error: Error | null;
  readonly look: () => void;
}

export function useApproval(runId: string, approvalId: string): ApprovalQuery {
  const { inbox } = useInbox();
  const key = keyOf({ runId, approvalId });
  const row = inbox.open.get(key);
  const query = useQuery(
    ApprovalService.method.getApproval,
    { runId, approvalId },
    { refetchInterval: ({ state }) => (state.data?.approval?.decision === undefined ? LOOK_AGAIN_MS : false) },
  );
  const version = `${row === undefined ? "" : versionOf(row)}/${inbox.closed.has(key)}`;
  const seen = useRef(version);
  const { refetch } = query;
  useEffect(() => {
    if (seen.current === version) return;
    seen.current = version;
    void refetch();
  }, [version, refetch]);
  // What the inbox has of it is shown until there is more: the page is there at once.
  const known = row?.argumentsJson === "" ? undefined : row;
  return { approval: query.data?.approval ?? known, error: query.error, look: () => void refetch() };
}

export interface Pinned {
  /** What is in sight, and what a decision is bound to. */
  readonly shown: Approval;
  /** By now it is about something else. */
  readonly isStale: boolean;
  /** Shows what it is about now. */
  readonly renew: () => void;
}

/** Keeps in sight what was read, also where it changes meanwhile: nobody decides about what they have not seen. */
export function usePinned(now: Approval): Pinned {
  const [pinned, setPinned] = useState(now);
  // A preview that comes in adds to what is read and replaces nothing.
  const isFirstPreview = (fingerprintShown(pinned) ?? "") === "" && pinned.argumentsDigest === now.argumentsDigest;
  const isStale = isOther(pinned, now) && !isFirstPreview;
  if (!isStale && pinned !== now) setPinned(now);
  return { shown: isStale ? pinned : now, isStale, renew: () => setPinned(now) };
}

/** True for a moment after a preview came in, while a hand may be on its way to a button. */
export function useJustAppeared(what: string): boolean {
  const [settled, setSettled] = useState(what);
  useEffect(() => {
    if (settled === what) return;
    const timer = setTimeout(() => setSettled(what), MOMENT_MS);
    return () => clearTimeout(timer);
  }, [settled, what]);
  return settled !== what;
}

/** The tool in the definition that the run is pinned to; undefined where that is not known, or not to be seen. */
export function useTool(approval: Approval, agentVersion: string | undefined): Tool | undefined {
  const { data } = useQuery(
    AgentService.method.getAgent,
    { name: approval.agentName, version: agentVersion ?? "" },
    { enabled: agentVersion !== undefined, staleTime: "static" },
  );
  return data?.agent?.tools.find(({ name }) => name === approval.toolName);
}

/** What the run was asked when it started; undefined before that is known. */
export function useInput(runId: string): string | undefined {
  const { data } = useQuery(RunService.method.getHistory, { runId, pageSize: 1 }, { staleTime: "static" });
  const first = data?.events[0]?.event;
  return first?.case === "runStarted" ? first.value.input : undefined;
}

export interface RunQuery {
  readonly run: RunStatus | undefined;
  /** The checkpoints that its run has open, by their ids; undefined before that was asked just now. */
  readonly open: ReadonlySet<string> | undefined;
}

/** The run of an approval, asked for anew whenever the approval is another. */
export function useRun(approval: Approval): RunQuery {
  const { data, isFetchedAfterMount, refetch } = useQuery(RunService.method.getStatus, { runId: approval.runId });
  const run = data?.status;
  const seen = useRef(approval);
  useEffect(() => {
    if (seen.current === approval) return;
    seen.current = approval;
    void refetch();
  }, [approval, refetch]);
  // What an earlier page learned may be of before the approval opened.
  const open =
    isFetchedAfterMount && run !== undefined ? new Set(run.pendingApprovals.map((one) => one.approvalId)) : undefined;
  return { run, open };
}
