// Lets in whoever the server takes: everybody where authentication is off, and otherwise the holder of a key or a token.

import { Alert, Button, Loader } from "@mantine/core";
import { createContext, type ReactNode, useContext } from "react";
import { refusalOf } from "../api/refusal.js";
import { useFirstPage } from "../inbox/first-page.js";
import { SafeText } from "../text/safe-text.js";
import { IdentityProvider, useWhoAmI } from "./identity.js";
import type { Refused } from "./session.js";
import { useSession, useSessionStore } from "./session-context.js";
import { SignIn, type SignInProps } from "./sign-in.js";

const AuthenticationContext = createContext(true);

function problemOf(refused: Refused | undefined): SignInProps["problem"] {
  switch (refused?.what) {
    case "key":
      return {
        title: "That key is not taken",
        text: "It is wrong, has expired, or was revoked. Sign in with another one.",
      };
    case "sign-in":
      return { title: "Your sign-in is over", text: `${refused.words} Sign in again: you come back to this page.` };
    default:
      return undefined;
  }
}

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
  if (error === null) {
    return (
      <AuthenticationContext value={credential !== ""}>
        <IdentityProvider>{children}</IdentityProvider>
      </AuthenticationContext>
    );
  }
  const { reason, message } = refusalOf(error);
  if (reason === "UNAUTHENTICATED") {
    return <SignIn problem={problemOf(refused)} onSignIn={(text) => store.signIn(text)} />;
  }
  return (
    <main className="entrance">
      <Alert
        color="red"
        title={reason === "PERMISSION_DENIED" ? "You may not look at approvals" : "The desk cannot be shown"}
      >
        {reason === "PERMISSION_DENIED" ? <NotAllowed /> : null}
        <p>{message}</p>
        <Button onClick={() => void refetch()}>Try again</Button>{" "}
        {credential === "" ? null : (
          <Button variant="default" onClick={() => store.signOut()}>
            Sign in as somebody else
          </Button>
        )}
      </Alert>
    </main>
  );
}

/** Who it is that may not, so that they know whom to ask for what. */
function NotAllowed(): ReactNode {
  const { data: identity } = useWhoAmI();
  if (identity === undefined) return null;
  const { displayName, subject, roles, groups } = identity;
  return (
    <p>
      You are <SafeText text={displayName} />
      {displayName === subject ? null : (
        <>
          {" "}
          (<SafeText text={subject} />)
        </>
      )}
      , with {roles.length === 0 ? "no role" : `the role ${roles.join(", ")}`} here
      {groups.length === 0 ? " and in no group" : ""}. Ask an admin for one.
    </p>
  );
}
