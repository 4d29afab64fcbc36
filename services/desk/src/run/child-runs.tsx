// The runs that a run started.
import { type Event, RunService } from "@agentspan/proto";
import { useInfiniteQuery } from "@connectrpc/connect-query";
import { Button, Title } from "@mantine/core";
import { type ReactNode, useEffect, useMemo } from "react";
import { Link } from "wouter";
import { refusalOf } from "../api/refusal.js";
import { runPath } from "./run-path.js";
import { StateBadge } from "./run-states.js";

const PAGE = 50;
const LOOK_AGAIN_MS = 5_000;

export interface ChildRunsProps {
  readonly runId: string;
  readonly events: readonly Event[];
  /** The run goes on, and so may they. */
  readonly isLive: boolean;
}

/** Nothing where it started none. */
export function ChildRuns({ runId, events, isLive }: ChildRunsProps): ReactNode {
  const begun = useMemo(() => events.filter(({ event }) => event.case === "childStarted").length, [events]);
  return begun === 0 ? null : <Children runId={runId} begun={begun} isLive={isLive} />;
}

function Children({
  runId,
  begun,
  isLive,
}: {
  readonly runId: string;
  readonly begun: number;
  readonly isLive: boolean;
}): ReactNode {
  const { data, error, hasNextPage, fetchNextPage, isFetchingNextPage, refetch } = useInfiniteQuery(
    RunService.method.listRuns,
    { parentRunId: runId, pageSize: PAGE, pageToken: "" },
    {
      pageParamKey: "pageToken",
      getNextPageParam: ({ nextPageToken }) => nextPageToken || undefined,
      refetchInterval: isLive ? LOOK_AGAIN_MS : false,
    },
  );
  // biome-ignore lint/correctness/useExhaustiveDependencies: one more has begun, or the run has ended and they have too.
  useEffect(() => void refetch(), [begun, isLive, refetch]);
  const runs = data?.pages.flatMap((page) => page.runs) ?? [];
  return (
    <section className="card" aria-labelledby="children-title">
      <Title order={2} size="h4" id="children-title">
        Runs that it started
      </Title>
      {error === null ? null : <p className="note warning">{refusalOf(error).message}</p>}
      <ul className="short-rows">
        {runs.map((child) => (
          <li key={child.runId}>
            <StateBadge state={child.state} /> <Link href={runPath(child.runId)}>{child.agentName}</Link>{" "}
            <span className="quiet">{child.runId}</span>
          </li>
        ))}
      </ul>
      {hasNextPage ? (
        <Button variant="default" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          Show more
        </Button>
      ) : null}
    </section>
  );
}
