// One run: what it was asked, what it did, what it waits for and what came of it, live.
import { type Event, RunState, type RunStatus } from "@agentspan/proto";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { Alert, Loader, Title } from "@mantine/core";
import { type ReactNode, useCallback, useEffect, useMemo, useRef } from "react";
import { Link, useLocation } from "wouter";
import { refusalOf } from "../api/refusal.js";
import { useKeys } from "../shell/use-keys.js";
import { useNow } from "../shell/use-now.js";
import { readJson, textOf } from "../text/json-text.js";
import { JsonView, RawJson } from "../text/json-view.js";
import { LongText, SafeText } from "../text/safe-text.js";
import { barsOf } from "./bars.js";
import { ChildRuns } from "./child-runs.js";
import { Picture } from "./picture.js";
import { RunActions } from "./run-actions.js";
import { RunFacts } from "./run-facts.js";
import { blockedWords, STATE_WORDS, StateBadge } from "./run-states.js";
import { Timeline, type TimelineHandle } from "./timeline.js";
import { Tokens } from "./tokens.js";
import { type FollowedRun, useRunEvents } from "./use-run-events.js";
import { useLookAtNews, useRunStatus } from "./use-run-status.js";
import { WaitingHere } from "./waiting-here.js";

export function RunPage({ runId }: { readonly runId: string }): ReactNode {
  const query = useRunStatus(runId);
  const { status, error, look } = query;
  const followed = useRunEvents(runId, status?.lastSequence ?? 0n);
  useLookAtNews(followed.last, query);
  if (status !== undefined) return <Run run={status} followed={followed} look={look} />;
  if (error === null) return <Loader aria-label="Loading the run" />;
  const { reason, message } = refusalOf(error);
  return (
    <Alert color="red" title={reason === "RUN_NOT_FOUND" ? "There is no such run" : "It cannot be shown"} role="alert">
      <p>
        <SafeText text={message} />
      </p>
      <Link href="/runs">All runs</Link>
    </Alert>
  );
}

interface RunProps {
  readonly run: RunStatus;
  readonly followed: FollowedRun;
  readonly look: () => void;
}

function Run({ run, followed, look }: RunProps): ReactNode {
  const { events, problem } = followed;
  const nowMs = useNow(1_000);
  const [, navigate] = useLocation();
  useKeys({ u: () => navigate("/runs") });
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus({ preventScroll: true }), []);
  const title = `${run.agentName}: ${STATE_WORDS[run.state]} – Agentspan desk`;
  useEffect(() => {
    document.title = title;
    return () => {
      document.title = "Agentspan desk";
    };
  }, [title]);
  const bars = useMemo(() => barsOf(events), [events]);
  const timeline = useRef<TimelineHandle>(null);
  const show = useCallback((sequence: bigint) => timeline.current?.show(sequence), []);
  const first = events[0];
  return (
    <article className="run">
      <div className="run-parts">
        <p>
          <Link href="/runs">← Runs</Link>
        </p>
        <Title order={1} size="h2" ref={heading} tabIndex={-1}>
          <StateBadge state={run.state} /> <span>{run.agentName}</span>
        </Title>
        <Troubles run={run} />
        <RunActions run={run} onAnswered={look} />
        <WaitingHere approvals={run.pendingApprovals} runId={run.runId} nowMs={nowMs} />
        <section className="card" aria-label="About it">
          <RunFacts run={run} first={first} nowMs={nowMs} />
        </section>
        <Asked first={first} />
        <Result run={run} nowMs={nowMs} />
        <ChildRuns runId={run.runId} events={events} isLive={!run.isComplete} />
        {bars.length === 0 ? null : (
          <Picture
            bars={bars}
            untilMs={run.isComplete ? endOf(events) : Math.max(nowMs, endOf(events))}
            onShow={show}
          />
        )}
        <Tokens events={events} />
        {problem === undefined ? null : (
          <Alert color="red" title="Its events cannot be shown" role="alert">
            <SafeText text={refusalOf(problem).message} />
          </Alert>
        )}
      </div>
      <Timeline ref={timeline} events={events} standing={standingOf(followed, run)} nowMs={nowMs} />
    </article>
  );
}

/** What keeps it from going on, or ended it. */
function Troubles({ run }: { readonly run: RunStatus }): ReactNode {
  const blocked = blockedWords(run);
  return (
    <>
      {run.error === undefined ? null : (
        <Alert color="red" title={`${STATE_WORDS[run.state]}: ${run.error.reason}`}>
          <SafeText text={run.error.message} />
        </Alert>
      )}
      {run.ending ? (
        <Alert color="orange" title="It comes to its end">
          It begins nothing new, and waits for guarded calls that a worker has begun.
        </Alert>
      ) : null}
      {run.isWaiting && run.state === RunState.PAUSED ? (
        <Alert color="orange" title="It is paused, and waits for people besides" />
      ) : null}
      {blocked.length === 0 ? null : (
        <Alert color="orange" title="Calls that cannot begin">
          <ul className="notes">
            {blocked.map((words) => (
              <li key={words}>{words}</li>
            ))}
          </ul>
        </Alert>
      )}
    </>
  );
}

function Asked({ first }: { readonly first: Event | undefined }): ReactNode {
  const input = first?.event.case === "runStarted" ? first.event.value.input : "";
  if (input === "") return null;
  return (
    <section className="card" aria-labelledby="input-title">
      <Title order={2} size="h4" id="input-title">
        What it was asked
      </Title>
      <LongText text={input} label="What it was asked" />
    </section>
  );
}

function Result({ run, nowMs }: { readonly run: RunStatus; readonly nowMs: number }): ReactNode {
  const { outputJson } = run;
  const result = useMemo(() => {
    const output = readJson(outputJson);
    const found = output?.kind === "object" ? output.members.find(({ name }) => name === "result") : undefined;
    return found === undefined ? outputJson : textOf(found.value);
  }, [outputJson]);
  if (outputJson === "") return null;
  return (
    <section className="card" aria-labelledby="result-title">
      <Title order={2} size="h4" id="result-title">
        Its result
      </Title>
      <JsonView text={result} label="Its result" nowMs={nowMs} />
      <RawJson text={outputJson} />
    </section>
  );
}

function standingOf({ connection, hasEnded, last }: FollowedRun, { lastSequence, isComplete }: RunStatus): string {
  if (hasEnded) return "all there are";
  if (connection === "lost") return "the connection is lost and tried again";
  if (isComplete || last < lastSequence) return "more come in";
  return connection === "live" ? "live" : "connecting";
}

/** The time of the last event, milliseconds. */
function endOf(events: readonly Event[]): number {
  const at = events.at(-1)?.at;
  return at === undefined ? 0 : timestampMs(at);
}
