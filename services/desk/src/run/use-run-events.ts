// A run's events in this page, live: from the beginning, and after a lost connection from where it was.
import { RunService } from "@agentspan/proto";
import { createClient } from "@connectrpc/connect";
import { useTransport } from "@connectrpc/connect-query";
import { useEffect, useRef, useState } from "react";
import { pauseOrWake } from "../api/pause.js";
import { refusalOf } from "../api/refusal.js";
import { type Connection, drawnTogether, followWatch } from "../api/watch.js";
import { inOrder, NO_EVENTS, type RunEvents, withEvents } from "./run-events.js";

export interface FollowedRun extends RunEvents {
  readonly connection: Connection;
  /** Why they cannot be seen. */
  readonly problem: Error | undefined;
}

const IN_VAIN: ReadonlySet<string> = new Set([
  "UNAUTHENTICATED",
  "PERMISSION_DENIED",
  "RUN_NOT_FOUND",
  "INVALID_REQUEST",
]);

/**
 * Follows a run until it has ended, and again where `known`, its last sequence as somebody else says, is later than that:
 * what settles an unknown outcome comes after the end. Nothing is followed while nobody sees the page: a browser opens
 * few connections to one server, and those are for the pages that are looked at.
 */
export function useRunEvents(runId: string, known: bigint): FollowedRun {
  const transport = useTransport();
  const [run, setRun] = useState(NO_EVENTS);
  const [connection, setConnection] = useState<Connection>("connecting");
  const [problem, setProblem] = useState<Error>();
  const isVisible = useVisible();
  const current = useRef(run);
  const isWanted = isVisible && (!run.hasEnded || known > run.last);

  useEffect(() => {
    if (!isWanted) return;
    const client = createClient(RunService, transport);
    const over = new AbortController();
    const { soon, many } = drawnTogether();
    const { last } = current.current;
    void followWatch({
      from: last === 0n ? "" : String(last),
      watch: (cursor, signal) => {
        const afterSequence = BigInt(cursor === "" ? 0 : cursor);
        return inOrder(client.streamEvents({ runId, afterSequence }, { signal, timeoutMs: 0 }), afterSequence);
      },
      cursorOf: ({ sequence }) => String(sequence),
      ask: (signal) => client.getStatus({ runId }, { signal }),
      onChanges: (told) => {
        many(told.length);
        current.current = withEvents(current.current, told);
        setRun(current.current);
      },
      onConnection: setConnection,
      after: (error) => {
        if (!IN_VAIN.has(refusalOf(error).reason)) return "resume";
        setProblem(refusalOf(error));
        return "stop";
      },
      isOver: () => current.current.hasEnded,
      pause: pauseOrWake,
      soon,
      signal: over.signal,
    });
    return () => over.abort();
  }, [isWanted, runId, transport]);

  return { ...run, connection, problem };
}

/** Whether anybody may see this page: it is neither in another tab nor put away. */
function useVisible(): boolean {
  const [isVisible, setVisible] = useState(() => document.visibilityState === "visible");
  useEffect(() => {
    const look = (): void => setVisible(document.visibilityState === "visible");
    document.addEventListener("visibilitychange", look);
    return () => document.removeEventListener("visibilitychange", look);
  }, []);
  return isVisible;
}
