// What happened in a run until now, oldest first.

import { type Event, RunService } from "@agentspan/proto";
import { useInfiniteQuery } from "@connectrpc/connect-query";
import { Button, Loader } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { Link } from "wouter";
import { refusalOf } from "../api/refusal.js";
import { SafeText } from "../text/safe-text.js";
import { EventBody, EventTime } from "./event-body.js";
import { eventWords } from "./event-words.js";
import { runPath } from "./run-path.js";

const PAGE = 50;

/** Closed at first; it is asked for when somebody wants to see it. */
export function RunSoFar({ runId, nowMs }: { readonly runId: string; readonly nowMs: number }): ReactNode {
  const [isOpen, setOpen] = useState(false);
  return (
    <details className="card" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>The run so far</summary>
      <p>
        <Link href={runPath(runId)}>The whole run, on a page of its own</Link>
      </p>
      {isOpen ? <Events runId={runId} nowMs={nowMs} /> : null}
    </details>
  );
}

function Events({ runId, nowMs }: { readonly runId: string; readonly nowMs: number }): ReactNode {
  const { data, error, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery(
    RunService.method.getHistory,
    { runId, afterSequence: 0n, pageSize: PAGE },
    {
      pageParamKey: "afterSequence",
      getNextPageParam: ({ more, events }) => (more ? events.at(-1)?.sequence : undefined),
    },
  );
  if (error !== null) return <p className="note warning">{refusalOf(error).message}</p>;
  if (data === undefined) return <Loader aria-label="Loading the run" />;
  const events = data.pages.flatMap((page) => page.events);
  return (
    <>
      <ol className="timeline">
        {events.map((event) => (
          <Happened key={String(event.sequence)} event={event} nowMs={nowMs} />
        ))}
      </ol>
      {hasNextPage ? (
        <Button variant="default" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          Show what came after
        </Button>
      ) : null}
    </>
  );
}

function Happened({ event, nowMs }: { readonly event: Event; readonly nowMs: number }): ReactNode {
  const words = eventWords(event);
  return (
    <li className={words.isTrouble === true ? "trouble" : ""}>
      <EventTime event={event} />
      <div>
        <SafeText text={words.what} />
        <EventBody words={words} nowMs={nowMs} />
      </div>
    </li>
  );
}
