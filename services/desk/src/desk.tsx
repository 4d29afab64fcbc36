// The desk: who sits at it, and then its pages.

import { TransportProvider } from "@connectrpc/connect-query";
import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { Route, Switch } from "wouter";
import { isPassing } from "./api/refusal.js";
import { deskTransport } from "./api/transport.js";
import { ApprovalPage } from "./approval/approval-page.js";
import { InboxProvider } from "./inbox/inbox-context.js";
import { InboxPage } from "./inbox/inbox-page.js";
import { RunPage } from "./run/run-page.js";
import { RunsPage } from "./runs/runs-page.js";
import { Entrance } from "./session/entrance.js";
import { SessionStore } from "./session/session.js";
import { SessionProvider, useSession } from "./session/session-context.js";
import { NotFound } from "./shell/not-found.js";
import { Shell } from "./shell/shell.js";

const RETRIES = 3;

export function Desk(): ReactNode {
  const [parts] = useState(makeParts);
  const { session, queries, transport } = parts;
  return (
    // Its variables and classes are in our style sheet: the page may have no style inside of it.
    <MantineProvider defaultColorScheme="auto" withCssVariables={false} withGlobalClasses={false}>
      <SessionProvider session={session}>
        <QueryClientProvider client={queries}>
          <TransportProvider transport={transport}>
            <Pages />
          </TransportProvider>
        </QueryClientProvider>
      </SessionProvider>
    </MantineProvider>
  );
}

/** Of one person: somebody else gets all of it anew. */
function Pages(): ReactNode {
  const { credential } = useSession();
  return (
    <Entrance key={credential}>
      <InboxProvider>
        <Shell>
          <Switch>
            <Route path="/">
              <InboxPage />
            </Route>
            <Route path="/approvals/:runId/:approvalId">
              {({ runId, approvalId }) => (
                <ApprovalPage key={`${runId}/${approvalId}`} runId={runId} approvalId={approvalId} />
              )}
            </Route>
            <Route path="/runs">
              <RunsPage />
            </Route>
            <Route path="/runs/:runId">{({ runId }) => <RunPage key={runId} runId={runId} />}</Route>
            <Route>
              <NotFound />
            </Route>
          </Switch>
        </Shell>
      </InboxProvider>
    </Entrance>
  );
}

function makeParts() {
  const session = new SessionStore(window.sessionStorage);
  const queries = new QueryClient({
    defaultOptions: { queries: { retry: (count, error) => count < RETRIES && isPassing(error) } },
  });
  const transport = deskTransport({
    session,
    onRefused: (credential) => {
      // Another one may have been shown since.
      if (credential === "" || session.get().credential !== credential) return;
      session.refuse();
      queries.clear();
    },
  });
  return { session, queries, transport };
}
