// Lets in whoever the server takes: everybody where authentication is off, and otherwise the holder of a key.

import { Alert, Button, Loader } from "@mantine/core";
import { createContext, type ReactNode, useContext } from "react";
import { refusalOf } from "../api/refusal.js";
import { useFirstPage } from "../inbox/first-page.js";
import { useSession, useSessionStore } from "./session-context.js";
import { SignIn } from "./sign-in.js";

const AuthenticationContext = createContext(true);

/** Whether the server asks everybody who they are. */
export function useAuthentication(): boolean {
  return useContext(AuthenticationContext);
}

export function Entrance({ children }: { readonly children: ReactNode }): ReactNode {
  const { credential, refused } = useSession();
  const store = useSessionStore();
  // Asked without a credential this tells whether one is needed, and with one whether it is good.
  const { error, isPending, refetch } = useFirstPage();
  if (isPending) {
    return (
      <main className="entrance">
        <Loader aria-label="Asking the server" />
      </main>
    );
  }
  if (error === null) return <AuthenticationContext value={credential !== ""}>{children}</AuthenticationContext>;
  const refusal = refusalOf(error);
  if (refusal.reason === "UNAUTHENTICATED") {
    return <SignIn refused={refused} onSignIn={(text) => store.signIn(text)} />;
  }
  return (
    <main className="entrance">
      <Alert
        color="red"
        title={refusal.reason === "PERMISSION_DENIED" ? "You may not look at approvals" : "The desk cannot be shown"}
      >
        <p>{refusal.message}</p>
        <Button onClick={() => void refetch()}>Try again</Button>{" "}
        {credential === "" ? null : (
          <Button variant="default" onClick={() => store.signOut()}>
            Sign in with another key
          </Button>
        )}
      </Alert>
    </main>
  );
}
