// Who sits here, as the server says, and what their roles allow.
import { IdentityService, type WhoAmIResponse } from "@agentspan/proto";
import { useQuery } from "@connectrpc/connect-query";
import { createContext, type ReactNode, useContext } from "react";
import { refusalFor } from "./refusal-for.js";

const IdentityContext = createContext<WhoAmIResponse | undefined>(undefined);

/** Keeps what the server says of whoever sits here: one answer for all parts of the desk. */
export function IdentityProvider({ children }: { readonly children: ReactNode }): ReactNode {
  const { data } = useWhoAmI();
  return <IdentityContext value={data}>{children}</IdentityContext>;
}

export function useWhoAmI() {
  return useQuery(IdentityService.method.whoAmI, {}, { staleTime: "static" });
}

/** Undefined until the server has answered. */
export function useIdentity(): WhoAmIResponse | undefined {
  return useContext(IdentityContext);
}

/**
 * Why somebody may not make a call ("RunService/Approve"), in a sentence; undefined where their roles let them, and while
 * nobody knows: the server decides in any case.
 */
export function useRefusal(call: string): string | undefined {
  const identity = useIdentity();
  return identity === undefined ? undefined : refusalFor(identity, call);
}
