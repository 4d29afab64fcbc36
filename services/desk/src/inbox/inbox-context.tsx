// The inbox of everybody who looks at this desk: one watch for all of its pages, kept in the cache that every other
// answer of the server is kept in.
import { ApprovalService, type ListApprovalsResponse } from "@agentspan/proto";
import { type CallOptions, createClient } from "@connectrpc/connect";
import { useTransport } from "@connectrpc/connect-query";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from "react";
import { pauseOrWake } from "../api/pause.js";
import { refusalOf } from "../api/refusal.js";
import { type Connection, drawnTogether, followWatch } from "../api/watch.js";
import { useFirstPage } from "./first-page.js";
import { EMPTY_INBOX, type Inbox, inboxOf, withChanges } from "./inbox.js";

export interface InboxState {
  readonly inbox: Inbox;
  readonly connection: Connection;
  /** Open ones by the server's own count when it was last asked; undefined before its first answer. */
  readonly total: number | undefined;
  /** Why there is no inbox: the caller may not see one. */
  readonly problem: string | undefined;
  /** Only what the caller may decide. */
  readonly mine: boolean;
  readonly setMine: (mine: boolean) => void;
}

const InboxContext = createContext<InboxState | undefined>(undefined);

export function useInbox(): InboxState {
  const state = useContext(InboxContext);
  if (state === undefined) throw new Error("There is no inbox around this part of the desk.");
  return state;
}

const keyOfInbox = (mine: boolean) => ["inbox", mine] as const;
const keyOfTotal = (mine: boolean) => ["inbox-total", mine] as const;

export function InboxProvider({ children }: { readonly children: ReactNode }): ReactNode {
  const queries = useQueryClient();
  const transport = useTransport();
  const [mine, setMine] = useState(false);
  const [connection, setConnection] = useState<Connection>("connecting");
  const [problem, setProblem] = useState<string>();
  const { data: firstPage } = useFirstPage();
  // Filled by the watch alone, but for the first screen of it.
  const { data: inbox } = useQuery({
    queryKey: keyOfInbox(mine),
    queryFn: () => EMPTY_INBOX,
    initialData: () => (mine ? EMPTY_INBOX : inboxOf(firstPage?.approvals ?? [])),
    staleTime: "static",
  });
  const { data: listed } = useQuery<ListApprovalsResponse>({ queryKey: keyOfTotal(mine), enabled: false });

  useEffect(() => {
    const client = createClient(ApprovalService, transport);
    const over = new AbortController();
    const { soon, many } = drawnTogether();
    setProblem(undefined);
    // A stream has no time in which it must end.
    const lasting = (signal: AbortSignal): CallOptions => ({ signal, timeoutMs: 0 });
    void followWatch({
      watch: (cursor, signal) => client.watchApprovals({ mine, cursor }, lasting(signal)),
      cursorOf: ({ cursor }) => cursor,
      ask: async (signal) => {
        const answer = await client.listApprovals({ mine, pageSize: 1, withTotal: true }, { signal });
        queries.setQueryData(keyOfTotal(mine), answer);
      },
      onChanges: (changes, anew) => {
        many(changes.length);
        queries.setQueryData<Inbox>(keyOfInbox(mine), (inbox = EMPTY_INBOX) =>
          withChanges(anew ? EMPTY_INBOX : inbox, changes),
        );
      },
      onConnection: setConnection,
      after: (error) => {
        const refusal = refusalOf(error);
        if (refusal.reason === "UNAUTHENTICATED" || refusal.reason === "PERMISSION_DENIED") {
          setProblem(refusal.message);
          return "stop";
        }
        return refusal.reason === "INVALID_REQUEST" ? "anew" : "resume";
      },
      pause: pauseOrWake,
      soon,
      signal: over.signal,
    });
    return () => over.abort();
  }, [mine, queries, transport]);

  const state = useMemo(
    () => ({ inbox, connection, total: listed?.total, problem, mine, setMine }),
    [inbox, connection, listed, problem, mine],
  );
  return <InboxContext value={state}>{children}</InboxContext>;
}
