// Where an identity provider sends people back to.
import { Loader } from "@mantine/core";
import { type ReactNode, useEffect, useState } from "react";
import { useLocation } from "wouter";
import { deskConfig } from "./desk-config.js";
import { finishSignIn } from "./provider.js";
import { useSessionStore } from "./session-context.js";
import { SignIn } from "./sign-in.js";

export function FinishSignIn(): ReactNode {
  const store = useSessionStore();
  const [, navigate] = useLocation();
  const [problem, setProblem] = useState<string>();
  useEffect(() => {
    let over = false;
    const address = new URL(window.location.href);
    // What came in the address is of use once, and stays neither there nor in the history.
    window.history.replaceState(null, "", address.pathname);
    deskConfig()
      .then(({ signIn }) => finishSignIn(signIn, window.sessionStorage, address))
      .then(
        ({ credential, tokens, returnTo }) => {
          if (over) return;
          store.signIn(credential, tokens);
          navigate(returnTo, { replace: true });
        },
        (error: unknown) => {
          if (!over) setProblem(error instanceof Error ? error.message : String(error));
        },
      );
    return () => {
      over = true;
    };
  }, [store, navigate]);
  if (problem === undefined) {
    return (
      <main className="entrance">
        <Loader aria-label="Signing in" />
      </main>
    );
  }
  const signIn = (credential: string): void => {
    store.signIn(credential);
    navigate("/", { replace: true });
  };
  return <SignIn problem={{ title: "You are not signed in", text: problem }} onSignIn={signIn} />;
}
