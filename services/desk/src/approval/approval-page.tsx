// One checkpoint: what is asked, and what somebody says to it.

import { type Approval, ApprovalKind } from "@agentspan/proto";
import { Alert, Badge, Button, Loader, Title } from "@mantine/core";
import { type ReactNode, useEffect, useMemo, useRef } from "react";
import { Link, useLocation } from "wouter";
import { refusalOf } from "../api/refusal.js";
import { keyOf, oldestFirst, pathOf } from "../inbox/inbox.js";
import { useInbox } from "../inbox/inbox-context.js";
import { KIND_COLORS, KIND_WORDS } from "../inbox/kinds.js";
import { RunSoFar } from "../run/run-so-far.js";
import { useKeys } from "../shell/use-keys.js";
import { useNow } from "../shell/use-now.js";
import { JsonView, RawJson } from "../text/json-view.js";
import { SafeText } from "../text/safe-text.js";
import { Actions } from "./actions.js";
import { fingerprintShown } from "./decision.js";
import { Facts } from "./facts.js";
import { Closed, Done, NotTaken } from "./outcome.js";
import { PreviewView } from "./preview-view.js";
import { UnknownOutcomeView } from "./unknown-outcome.js";
import { useApproval, useJustAppeared, usePinned, useRun, useTool } from "./use-approval.js";
import { useDecision } from "./use-decision.js";

export function ApprovalPage({
  runId,
  approvalId,
}: {
  readonly runId: string;
  readonly approvalId: string;
}): ReactNode {
  const { approval, error, look } = useApproval(runId, approvalId);
  if (approval !== undefined) return <Checkpoint now={approval} look={look} />;
  if (error === null) return <Loader aria-label="Loading the approval" />;
  const { reason, message } = refusalOf(error);
  return (
    <Alert color="red" title={reason.endsWith("NOT_FOUND") ? "There is no such approval" : "It cannot be shown"}>
      <p>{message}</p>
      <Link href="/">Back to the inbox</Link>
    </Alert>
  );
}

function Checkpoint({ now, look }: { readonly now: Approval; readonly look: () => void }): ReactNode {
  const { inbox } = useInbox();
  const nowMs = useNow(1_000);
  const { run, open } = useRun(now);
  const tool = useTool(now, run?.agentVersion);
  const { shown, isStale, renew } = usePinned(now);
  const deciding = useDecision(look);
  const next = useNext(now);
  const [, navigate] = useLocation();
  const justAppeared = useJustAppeared(fingerprintShown(shown) ?? "");
  useKeys({ u: () => navigate("/"), n: () => next !== undefined && navigate(next) });
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus({ preventScroll: true }), []);
  useEffect(() => {
    document.title = `${shown.toolName}: ${KIND_WORDS[shown.kind]} – Agentspan desk`;
    return () => {
      document.title = "Agentspan desk";
    };
  }, [shown]);

  const isClosed = now.decision !== undefined || inbox.closed.has(keyOf(now)) || open?.has(now.approvalId) === false;
  const { done, error } = deciding;
  return (
    <article className="approval">
      <p>
        <Link href="/">← Inbox</Link>
      </p>
      <Title order={1} size="h2" ref={heading} tabIndex={-1}>
        <Badge color={KIND_COLORS[shown.kind]} variant="light">
          {KIND_WORDS[shown.kind]}
        </Badge>{" "}
        <Asked approval={shown} />
      </Title>
      {done === undefined ? null : <Done done={done} next={next} />}
      {error === null ? null : <NotTaken error={error} nowMs={nowMs} onAgain={deciding.reset} />}
      {isClosed && done?.answer.closed !== true ? <Closed approval={now} nowMs={nowMs} /> : null}
      {isStale && !isClosed ? <Stale votes={now.votes} onRenew={renew} /> : null}
      <section className="card" aria-labelledby="arguments-title">
        <Title order={2} size="h4" id="arguments-title">
          {shown.kind === ApprovalKind.QUESTION ? "What is asked" : "Arguments"}
        </Title>
        <JsonView text={shown.argumentsJson} label="Arguments" nowMs={nowMs} />
        <RawJson text={shown.argumentsJson} />
      </section>
      {shown.unknownOutcome === undefined ? null : <UnknownOutcomeView known={shown.unknownOutcome} nowMs={nowMs} />}
      {shown.preview === undefined ? null : <PreviewView preview={shown.preview} nowMs={nowMs} />}
      <section className="card" aria-label="About it">
        <Facts approval={{ ...shown, votes: now.votes }} run={run} tool={tool} nowMs={nowMs} />
      </section>
      <RunSoFar runId={shown.runId} nowMs={nowMs} />
      {isClosed || done !== undefined ? null : (
        <Actions approval={shown} tool={tool} deciding={deciding} isHeld={isStale || justAppeared} />
      )}
    </article>
  );
}

function Asked({ approval }: { readonly approval: Approval }): ReactNode {
  const tool = (
    <span className="tool">
      <SafeText text={approval.toolName} />
    </span>
  );
  switch (approval.kind) {
    case ApprovalKind.QUESTION:
      return <>{tool} asks</>;
    case ApprovalKind.SETTLEMENT:
      return <>Did {tool} happen?</>;
    default:
      return <>May {tool} run?</>;
  }
}

function Stale({ votes, onRenew }: { readonly votes: Approval["votes"]; readonly onRenew: () => void }): ReactNode {
  const editor = votes.findLast(({ edited }) => edited);
  return (
    <Alert color="orange" title="It is about something else by now" role="alert">
      <p>
        {editor === undefined
          ? "What it is about"
          : `Its arguments were changed by ${editor.onBehalfOf || editor.who}. What`}{" "}
        has changed since you opened this page. You see what it was, and cannot decide about that any more.
      </p>
      <Button onClick={onRenew}>Show what it is about now</Button>
    </Alert>
  );
}

/** The page of the one that waits the longest, beside this one. */
function useNext({ runId, approvalId }: Approval): string | undefined {
  const { inbox } = useInbox();
  return useMemo(() => {
    const found = oldestFirst(inbox).find((one) => one.runId !== runId || one.approvalId !== approvalId);
    return found === undefined ? undefined : pathOf(found);
  }, [inbox, runId, approvalId]);
}
