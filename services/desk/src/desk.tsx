// The desk: who sits at it, and then its pages.

import { TransportProvider } from "@connectrpc/connect-query";
import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { Route, Switch, useRoute } from "wouter";
import { AgentPage } from "./agents/agent-page.js";
import { AgentsPage } from "./agents/agents-page.js";
import { isPassing } from "./api/refusal.js";
import { deskTransport } from "./api/transport.js";
import { ApprovalPage } from "./approval/approval-page.js";
import { InboxProvider } from "./inbox/inbox-context.js";
import { InboxPage } from "./inbox/inbox-page.js";
import { RunPage } from "./run/run-page.js";
import { RunsPage } from "./runs/runs-page.js";
import { deskConfig } from "./session/desk-config.js";
import { Entrance } from "./session/entrance.js";
import { FinishSignIn } from "./session/finish-sign-in.js";
import { CALLBACK, renewSignIn } from "./session/provider.js";
import { Renewal } from "./session/renewal.js";
import { SessionStore } from "./session/session.js";
import { SessionProvider, useSession } from "./session/session-context.js";
import { NotFound } from "./shell/not-found.js";
import { Shell } from "./shell/shell.js";
import { WorkersPage } from "./workers/workers-page.js";

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
  const { turn } = useSession();
  const [isBack] = useRoute(CALLBACK);
  if (isBack) return <FinishSignIn />;
  return (
    <Entrance key={turn}>
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
            <Route path="/agents">
              <AgentsPage />
            </Route>
            <Route path="/agents/:name">{({ name }) => <AgentPage key={name} name={name} />}</Route>
            <Route path="/workers">
              <WorkersPage />
            </Route>
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
  const renewal = new Renewal(
    session,
    async () => (await deskConfig()).signIn,
    (provider, before) => renewSignIn(provider, before, window.location),
  );
  const queries = new QueryClient({
    defaultOptions: { queries: { retry: (count, error) => count < RETRIES && isPassing(error) } },
  });
  const transport = deskTransport({
    session,
    onRefused: async (credential, words) => {
      if (credential === "") return false;
      if (await renewal.recover(credential)) return true;
      // Another one may have been shown since.
      if (session.get().credential === credential) {
        session.refuse(words);
        queries.clear();
      }
      return false;
    },
  });
  return { session, queries, transport };
}
