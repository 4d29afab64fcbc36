import { createContext, type ReactNode, useContext, useSyncExternalStore } from "react";
import type { Session, SessionStore } from "./session.js";

const SessionContext = createContext<SessionStore | undefined>(undefined);

export function SessionProvider({
  session,
  children,
}: {
  readonly session: SessionStore;
  readonly children: ReactNode;
}): ReactNode {
  return <SessionContext value={session}>{children}</SessionContext>;
}

export function useSessionStore(): SessionStore {
  const store = useContext(SessionContext);
  if (store === undefined) throw new Error("There is no session around this part of the desk.");
  return store;
}

/** Who sits here, as it changes. */
export function useSession(): Session {
  const store = useSessionStore();
  return useSyncExternalStore(store.subscribe, store.get);
}
