// What happened in a run until now, oldest first.

import { type Event, RunService } from "@agentspan/proto";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { useInfiniteQuery } from "@connectrpc/connect-query";
import { Button, Loader } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { refusalOf } from "../api/refusal.js";
import { JsonView } from "../text/json-view.js";
import { LongText, SafeText } from "../text/safe-text.js";
import { eventWords } from "./event-words.js";

const PAGE = 50;

/** Closed at first; it is asked for when somebody wants to see it. */
export function RunSoFar({ runId, nowMs }: { readonly runId: string; readonly nowMs: number }): ReactNode {
  const [isOpen, setOpen] = useState(false);
  return (
    <details className="card" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>The run so far</summary>
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
  const { what, text = "", json = "", isTrouble = false } = eventWords(event);
  const at = event.at === undefined ? undefined : new Date(timestampMs(event.at));
  return (
    <li className={isTrouble ? "trouble" : ""}>
      {at === undefined ? null : (
        <time className="quiet" dateTime={at.toISOString()} title={at.toLocaleString("en-GB")}>
          {at.toLocaleTimeString("en-GB")}
        </time>
      )}
      <div>
        <SafeText text={what} />
        {text === "" ? null : <LongText text={text} label={what} />}
        {json === "" ? null : <JsonView text={json} label={what} nowMs={nowMs} />}
      </div>
    </li>
  );
}
