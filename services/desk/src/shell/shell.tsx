// What is around every page: where one is, whether what is seen is live, and who decides.
import { Button, TextInput, useComputedColorScheme, useMantineColorScheme } from "@mantine/core";
import type { ReactNode } from "react";
import { Link } from "wouter";
import type { Connection } from "../api/watch.js";
import { useInbox } from "../inbox/inbox-context.js";
import { useAuthentication } from "../session/entrance.js";
import { useSession, useSessionStore } from "../session/session-context.js";
import { KeysHelp } from "./keys-help.js";
import { Navigation } from "./navigation.js";
import { Who } from "./who.js";

const CONNECTIONS: Readonly<Record<Connection, string>> = {
  connecting: "Connecting",
  live: "Live",
  lost: "Connection lost, trying again",
};

export function Shell({ children }: { readonly children: ReactNode }): ReactNode {
  const { connection } = useInbox();
  return (
    <>
      <a className="skip" href="#content">
        Skip to the content
      </a>
      <header className="shell">
        <Link href="/" className="home">
          <img src="/favicon.svg" alt="" width="24" height="24" /> Approval desk
        </Link>
        <Navigation />
        <span className={`connection ${connection}`} role="status">
          {CONNECTIONS[connection]}
        </span>
        <span className="stretch" />
        <WhoDecides />
        <KeysHelp />
        <ColorScheme />
      </header>
      <main id="content" tabIndex={-1}>
        {children}
      </main>
    </>
  );
}

function WhoDecides(): ReactNode {
  const authentication = useAuthentication();
  const { name } = useSession();
  const store = useSessionStore();
  if (!authentication) {
    return (
      <TextInput
        size="xs"
        aria-label="Your name, for what you decide"
        placeholder="Your name"
        title="Authentication is off: the server believes whatever name stands here."
        autoComplete="off"
        value={name}
        onChange={(event) => store.callMyself(event.currentTarget.value)}
      />
    );
  }
  return <Who />;
}

function ColorScheme(): ReactNode {
  // Without them kept, a style element is put into the page for a moment.
  const { setColorScheme } = useMantineColorScheme({ keepTransitions: true });
  const now = useComputedColorScheme("light");
  const other = now === "dark" ? "light" : "dark";
  return (
    <Button
      size="compact-sm"
      variant="default"
      onClick={() => setColorScheme(other)}
      aria-label={`Use ${other} colours`}
    >
      {other === "dark" ? "☾" : "☀"}
    </Button>
  );
}
